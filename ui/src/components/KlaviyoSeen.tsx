import { useTranslation } from "react-i18next";

import { useStore } from "../data/active_store";
import { useFormat } from "../data/format";
import { useKlaviyoWords } from "../data/klaviyo_words";
import type { KlaviyoAccount } from "../ipc/generated/KlaviyoAccount";
import type { KlaviyoLimit } from "../ipc/generated/KlaviyoLimit";
import type { KlaviyoScope } from "../ipc/generated/KlaviyoScope";
import type { KlaviyoWarning } from "../ipc/generated/KlaviyoWarning";
import type { ScopeState } from "../ipc/generated/ScopeState";
import { sentence } from "../lib/sentence";
import { CopyId } from "../ui/Copy";
import { Fact } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import css from "./Klaviyo.module.css";
import { Given } from "./Values";

/** Whose account it is, as facts. Klaviyo has no test keys: only the account says that it is one for testing. */
export function AccountFacts({ account }: { account: KlaviyoAccount }) {
  const { t } = useTranslation();
  return (
    <>
      <Fact name={t("klaviyo.account")}>
        <span className={css["line"]}>
          <bdi>{account.name}</bdi>
          <Tag tone={account.test_account ? "amber" : "green"} title={t(account.test_account ? "klaviyo.test_meaning" : "klaviyo.live_meaning")}>
            {t(account.test_account ? "klaviyo.test_account" : "klaviyo.live_account")}
          </Tag>
        </span>
      </Fact>
      <Fact name={t("klaviyo.public_id")}><CopyId id={account.public_id} label={t("klaviyo.public_id")} /></Fact>
      <Fact name={t("klaviyo.time_zone")}><Given text={account.time_zone} /></Fact>
      <Fact name={t("klaviyo.currency")}><Given text={account.currency} /></Fact>
    </>
  );
}

/** What stops nothing and should be known; also that orders which are no real ones would reach real people. */
export function Warnings({ account, warnings }: { account: KlaviyoAccount; warnings: readonly KlaviyoWarning[] }) {
  const { t } = useTranslation();
  const store = useStore();
  const words = useKlaviyoWords();
  const practice = store?.mode === "test" && !account.test_account;
  if (warnings.length === 0 && !practice) return null;
  return (
    <ul className={css["warnings"]} aria-label={t("klaviyo.warnings")}>
      {practice ? <li><Icon name="warning" size={13} /><span>{t("klaviyo.live_for_test")}</span></li> : null}
      {warnings.map((warning) => (
        <li key={`${warning.code} ${warning.message}`}>
          <Icon name="warning" size={13} />
          <span title={sentence(warning.message)}>{words.warning(warning)}</span>
        </li>
      ))}
    </ul>
  );
}

const toneOf = (scope: KlaviyoScope): Tone => {
  const tones: Record<ScopeState, Tone> = { granted: "green", missing: scope.needed ? "red" : "amber", not_probed: "grey", unknown: "amber" };
  return tones[scope.state];
};

/** What the key may do, and what each of it is for. */
export function ScopeTable({ scopes }: { scopes: readonly KlaviyoScope[] }) {
  const { t } = useTranslation();
  return (
    <table className={table["table"]} aria-label={t("klaviyo.scopes")}>
      <thead>
        <tr>
          <th scope="col">{t("klaviyo.scope")}</th>
          <th scope="col">{t("klaviyo.for")}</th>
          <th scope="col">{t("klaviyo.state")}</th>
        </tr>
      </thead>
      <tbody>
        {scopes.map((scope) => (
          <tr key={scope.scope} data-testid="scope" data-scope={scope.scope} data-state={scope.state}>
            <td><code className={table["mono"]}>{scope.scope}</code></td>
            <td>{t(`klaviyo.purpose.${scope.purpose}`)}{scope.needed ? <span className={css["needed"]}> · {t("klaviyo.needed")}</span> : null}</td>
            <td><Tag tone={toneOf(scope)} title={scope.detail === null ? t(`klaviyo.scope_meaning.${scope.state}`) : sentence(scope.detail)}>{t(`klaviyo.scope_state.${scope.state}`)}</Tag></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How often each endpoint may be asked, and how much of that is left. */
export function LimitTable({ limits }: { limits: readonly KlaviyoLimit[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <table className={table["table"]} aria-label={t("klaviyo.limits")}>
      <thead>
        <tr>
          <th scope="col">{t("klaviyo.endpoint")}</th>
          <th scope="col" className={table["number"]}>{t("klaviyo.a_second")}</th>
          <th scope="col" className={table["number"]}>{t("klaviyo.a_minute")}</th>
          <th scope="col" className={table["number"]}>{t("klaviyo.left")}</th>
        </tr>
      </thead>
      <tbody>
        {limits.map((limit) => (
          <tr key={limit.endpoint}>
            <td>
              <code className={table["mono"]}>{limit.endpoint}</code>
              {limit.until === null ? null : <span className={css["until"]}>{t("klaviyo.until", { time: format.instant(limit.until) })}</span>}
            </td>
            <td className={table["number"]}>{format.count(limit.per_s)}</td>
            <td className={table["number"]}>{format.count(limit.per_min)}{limit.per_day === null ? null : <span className={table["dim"]}> · {t("klaviyo.a_day", { n: format.count(limit.per_day) })}</span>}</td>
            <td className={table["number"]}>{limit.remaining === null ? <span className={table["faint"]}>–</span> : <span title={limit.reset_s === null ? undefined : t("klaviyo.fresh_in", { count: limit.reset_s, n: format.count(limit.reset_s) })}>{format.count(limit.remaining)}</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
