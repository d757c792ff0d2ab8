import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import type { Audience } from "../ipc/generated/Audience";
import type { AudienceFilter } from "../ipc/generated/AudienceFilter";
import css from "./Audiences.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

/** Holds an audience's number of people against a segment's in Klaviyo. */
export function SegmentCompare({ store, audience, filter }: { store: string; audience: Audience; filter: AudienceFilter }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("repair");
  const [id, setId] = useState("");
  const compare = useCommand("audience_segment", store);
  const seen = compare.data;
  return (
    <form
      className={css["segment"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim() !== "" && refusal === undefined) compare.mutate({ audience, filter, segment_id: id.trim() });
      }}
    >
      <TextInput w={150} aria-label={t("audiences.segment")} placeholder={t("audiences.segment")} value={id} autoComplete="off" spellCheck={false} onChange={(event) => setId(event.currentTarget.value)} />
      <Button type="submit" disabled={id.trim() === "" || refusal !== undefined} title={refusal} loading={compare.isPending}>{t("audiences.compare")}</Button>
      {seen === undefined ? null : (
        <span role="status" data-testid="segment">
          <bdi>{seen.segment_name}</bdi>: {t("audiences.both", { ours: format.count(seen.ours), theirs: seen.theirs === null ? t("common.unknown") : format.count(seen.theirs), time: format.instant(seen.theirs_at) })}
          {seen.is_processing ? ` · ${t("audiences.processing")}` : ""}
        </span>
      )}
      {compare.error === null ? null : <KlaviyoProblem error={compare.error} />}
    </form>
  );
}
