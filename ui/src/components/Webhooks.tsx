import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { webhooksQuery } from "../data/queries";
import type { EndpointProblem } from "../ipc/generated/EndpointProblem";
import type { Overlap } from "../ipc/generated/Overlap";
import type { WebhookEndpoint } from "../ipc/generated/WebhookEndpoint";
import type { Webhooks as WebhooksReply } from "../ipc/generated/Webhooks";
import { sentences } from "../lib/sentence";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { CopyButton, CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import { Columns, Section } from "../ui/Page";
import table from "../ui/table.module.css";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import { NeverDelivered, UndeliveredGroups } from "./WebhookEvents";
import { Given, Instant } from "./Values";
import css from "./Webhooks.module.css";

/** Who is told of a payment, who is told twice, what did not arrive, and what never could. */
export function Webhooks({ store }: { store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data, error, isError, refetch } = useQuery(webhooksQuery(store));
  if (data === undefined) {
    return <Section title={t("webhooks.title")}>{isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={3} />}</Section>;
  }
  const { never_deliverable: never, undelivered } = data;
  return (
    <>
      <Section title={t("webhooks.title")} note={data.as_of === null ? t("webhooks.note") : t("webhooks.as_of", { time: format.instant(data.as_of) })} flush>
        <Notices webhooks={data} />
        {data.endpoints.length === 0 ? (
          <p className={css["none"]}>{t(data.as_of === null ? "webhooks.not_looked_at" : "webhooks.no_endpoints")}</p>
        ) : <Endpoints endpoints={data.endpoints} />}
      </Section>
      <Columns shape="even">
        <Section title={t("health.undelivered")} note={undelivered.total === 0 ? undefined : t("health.undelivered_note", { count: undelivered.total })} flush>
          <UndeliveredGroups groups={undelivered} store={store} />
        </Section>
        <Section title={t("webhooks.never")} note={never.total === 0 ? undefined : t("webhooks.never_note", { count: never.total, n: format.count(never.total) })} flush>
          <NeverDelivered webhooks={data} store={store} />
        </Section>
      </Columns>
    </>
  );
}

/** What a person should do something about, worst first. */
function Notices({ webhooks }: { webhooks: WebhooksReply }) {
  const { t } = useTranslation();
  const { missing_permission: missing } = webhooks;
  const off = webhooks.endpoints.filter((endpoint) => endpoint.problems.includes("disabled"));
  return (
    <>
      {webhooks.overlaps.map((overlap) => <OverlapNotice key={overlap.event_type} overlap={overlap} />)}
      {off.map((endpoint) => (
        <Notice key={endpoint.id} tone="red" title={t("webhooks.disabled_title", { path: endpoint.path })}>{t("webhooks.disabled_text")}</Notice>
      ))}
      {webhooks.unsubscribed.length === 0 ? null : (
        <Notice tone="amber" title={t("webhooks.unsubscribed_title")}>
          <span className={css["names"]}>{webhooks.unsubscribed.map((name) => <code key={name} className={css["name"]}>{name}</code>)}</span>
        </Notice>
      )}
      {missing === null ? null : (
        <Notice tone="amber" title={t("webhooks.no_permission")}>
          {t("health.needs_permission")}{" "}
          {missing === "" ? <span lang="en">{"Webhook Endpoints: Read"}</span> : <CopyId id={missing} label={t("health.permission")} />}
        </Notice>
      )}
    </>
  );
}

function OverlapNotice({ overlap }: { overlap: Overlap }) {
  const { t } = useTranslation();
  return (
    <Notice tone="red" title={t("webhooks.overlap_title", { count: overlap.endpoints.length, type: overlap.event_type })}>
      <ul className={css["paths"]}>
        {overlap.endpoints.map((endpoint) => (
          <li key={endpoint.id}>
            <code className={css["path"]}><bdi>{endpoint.path}</bdi></code>
            <span className={css["url"]}><Given text={endpoint.url} /></span>
          </li>
        ))}
      </ul>
      <span>{sentences(t(`webhooks.leads_to.${overlap.leads_to}`), t("webhooks.overlap_cure"))}</span>
    </Notice>
  );
}

function Notice({ tone, title, children }: { tone: "red" | "amber"; title: string; children: ReactNode }) {
  return (
    <div className={css["notice"]} data-tone={tone} role={tone === "red" ? "alert" : "status"}>
      <Icon name="warning" size={15} />
      <div className={css["noticeBody"]}>
        <strong>{title}</strong>
        <div>{children}</div>
      </div>
    </div>
  );
}

const TONES: Record<EndpointProblem, Tone> = { overlap: "red", disabled: "red", unsubscribed: "amber" };

function Endpoints({ endpoints }: { endpoints: readonly WebhookEndpoint[] }) {
  const { t } = useTranslation();
  return (
    <table className={`${table["table"]} ${css["endpoints"]}`} aria-label={t("webhooks.endpoints")}>
      <thead>
        <tr>
          <th scope="col">{t("webhooks.endpoint")}</th>
          <th scope="col">{t("webhooks.status")}</th>
          <th scope="col">{t("webhooks.version")}</th>
          <th scope="col">{t("webhooks.created")}</th>
          <th scope="col">{t("webhooks.takes")}</th>
        </tr>
      </thead>
      <tbody>
        {endpoints.map((endpoint) => (
          <tr key={endpoint.id}>
            <td>
              <span className={css["line"]}>
                <code className={css["path"]}><bdi>{endpoint.path}</bdi></code>
                {endpoint.problems.map((problem) => <Tag key={problem} tone={TONES[problem]}>{t(`webhooks.problem.${problem}`)}</Tag>)}
              </span>
              <span className={css["url"]} title={endpoint.id}>
                <Given text={endpoint.url} /> <CopyButton text={endpoint.id} label={t("webhooks.id")} />
              </span>
            </td>
            <td className={css["nowrap"]}>
              {endpoint.status === "disabled" ? <Tag tone="grey" dot>{t("webhooks.disabled")}</Tag> : <Tag tone="green" dot>{t("webhooks.enabled")}</Tag>}
              {endpoint.connect ? <Tag tone="violet" title={t("webhooks.connect_meaning")}>{"Connect"}</Tag> : null}
            </td>
            <td className={css["nowrap"]}>
              {endpoint.api_version === null ? <span className={table["dim"]}>{t("webhooks.account_version")}</span> : <code className={table["mono"]}>{endpoint.api_version}</code>}
            </td>
            <td className={css["nowrap"]}><Instant at={endpoint.created_at} /></td>
            <td><Takes endpoint={endpoint} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const NAMED = 3;

function Takes({ endpoint }: { endpoint: WebhookEndpoint }) {
  const { t } = useTranslation();
  const { enabled_events: types, unsubscribed_from: without } = endpoint;
  if (endpoint.takes_all) return <span>{t("webhooks.takes_all")}</span>;
  return (
    <div className={css["types"]} title={types.join("\n")}>
      {types.slice(0, NAMED).map((name) => <code key={name} className={css["name"]}>{name}</code>)}
      {types.length > NAMED ? <span className={table["dim"]}>{t("webhooks.and_more", { count: types.length - NAMED })}</span> : null}
      {without.length === 0 || endpoint.connect ? null : (
        <span className={css["without"]}>
          {t("webhooks.without")} {without.map((name) => <code key={name} className={css["name"]}>{name}</code>)}
        </span>
      )}
    </div>
  );
}
