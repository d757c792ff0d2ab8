import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { segmentNamesQuery } from "../data/audience_queries";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import type { Audience } from "../ipc/generated/Audience";
import type { AudienceFilter } from "../ipc/generated/AudienceFilter";
import { segmentOptions } from "../lib/audience_filter";
import css from "./Audiences.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

/** Holds an audience's number of people against a segment's in Klaviyo. */
export function SegmentCompare({
  store, audience, filter, chosen, choose,
}: { store: string; audience: Audience; filter: AudienceFilter; chosen: string | undefined; choose: (id: string | undefined) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const account = useQuery(klaviyoStatusQuery(store)).data?.account;
  const refusal = useRefusal("repair");
  const why = refusal ?? (account === null ? t("klaviyo_why.KLAVIYO_NOT_CONNECTED") : undefined);
  // Klaviyo is asked for the list when somebody wants to choose, and not each time the page is opened.
  const [wanted, setWanted] = useState(chosen !== undefined);
  const names = useQuery({ ...segmentNamesQuery(store), enabled: wanted && account !== undefined && why === undefined });
  const compare = useCommand("audience_segment", store);
  const seen = compare.data;
  const options = segmentOptions(names.data?.segments ?? [], chosen);
  return (
    <form
      className={css["segment"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen !== undefined && why === undefined) compare.mutate({ audience, filter, segment_id: chosen });
      }}
    >
      <Select
        w={240} aria-label={t("audiences.segment")} placeholder={t("audiences.segment")} clearable searchable value={chosen ?? null} data={options} disabled={why !== undefined} title={why}
        nothingFoundMessage={names.isFetching ? t("audiences.asking") : names.data === undefined ? t("audiences.not_listed") : t("audiences.no_segment")}
        onDropdownOpen={() => {
          setWanted(true);
          if (names.isError) void names.refetch();
        }}
        onChange={(id) => choose(id ?? undefined)}
      />
      <Button type="submit" disabled={chosen === undefined || why !== undefined} title={why} loading={compare.isPending}>{t("audiences.compare")}</Button>
      {why === undefined ? null : <span className={css["small"]}>{why}</span>}
      {seen === undefined ? null : (
        <span role="status" data-testid="segment">
          <bdi>{seen.segment_name}</bdi>: {t("audiences.both", { ours: format.count(seen.ours), theirs: seen.theirs === null ? t("common.unknown") : format.count(seen.theirs), time: format.instant(seen.theirs_at) })}
          {seen.is_processing ? ` · ${t("audiences.processing")}` : ""}
        </span>
      )}
      {compare.error === null ? (names.isError && !names.isFetching ? <KlaviyoProblem error={names.error} retry={() => void names.refetch()} /> : null) : <KlaviyoProblem error={compare.error} />}
    </form>
  );
}
