import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useDeskRefusal } from "../data/desk";
import { guardQuery } from "../data/fix_queries";
import { Banner, ErrorPanel } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import dialog from "./Dialog.module.css";
import css from "./StopSwitch.module.css";

/** Whether this store may be written to, in a word, and the switch that stops everything. On every page. */
export function StopSwitch() {
  const { t } = useTranslation();
  const id = useStoreId();
  const store = useStore();
  const { data } = useQuery(guardQuery(id));
  const refusal = useDeskRefusal("repair");
  const [asking, setAsking] = useState(false);
  const stop = useCommand("writes_stop", id, ["actions"]);
  if (store === undefined || store.read_only || data === undefined) return null;
  const { guard } = data;
  const word = guard.stopped ? "stopped" : guard.writing ? "on" : "off";
  return (
    <div className={css["switch"]}>
      <span className={css["word"]} data-word={word} data-live={data.live} data-testid="write-state" title={t(`guard.meaning.${word}`)}>
        {t(`guard.word.${word}`)}
      </span>
      {guard.stopped ? null : (
        <Button
          size="compact-xs" color="red" variant="outline" leftSection={<Icon name="stop" size={12} />} data-testid="stop-writes"
          disabled={refusal !== undefined} title={refusal ?? t("guard.stop_meaning")} onClick={() => setAsking(true)}
        >
          {t("guard.stop")}
        </Button>
      )}
      <Modal opened={asking} onClose={() => setAsking(false)} title={t("guard.stop_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
        <div className={dialog["form"]}>
          <p>{t("guard.stop_text")}</p>
          {stop.error === null ? null : <ErrorPanel error={stop.error} />}
          <div className={dialog["buttons"]}>
            <Button onClick={() => setAsking(false)}>{t("common.cancel")}</Button>
            <Button color="red" variant="filled" data-autofocus loading={stop.isPending} onClick={() => stop.mutate({}, { onSuccess: () => setAsking(false) })}>
              {t("guard.stop_do")}
            </Button>
          </div>
        </div>
      </Modal>
    </div>
  );
}

/** What everybody must know while nothing is written. */
export function StopBanner() {
  const { t } = useTranslation();
  const id = useStoreId();
  const store = useStore();
  const { data } = useQuery(guardQuery(id));
  if (store?.read_only !== false || data?.guard.stopped !== true) return null;
  return (
    <Banner
      tone="red" icon="stop" title={t("guard.stopped_title")}
      action={<Button size="compact-xs" renderRoot={(props) => <Link {...props} to="/s/$store/settings" params={{ store: id }} hash="safety" />}>{t("guard.to_safety")}</Button>}
    >
      {t("guard.stopped_text")}
    </Banner>
  );
}
