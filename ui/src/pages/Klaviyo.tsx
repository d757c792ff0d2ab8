import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { CheckSection } from "../components/KlaviyoCheckSection";
import { AccountSection, KeySection, MetricSection } from "../components/KlaviyoConnection";
import { DisconnectSection } from "../components/KlaviyoDisconnect";
import { KlaviyoState } from "../components/KlaviyoState";
import { KlaviyoWizard } from "../components/KlaviyoWizard";
import { useStoreId } from "../data/active_store";
import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Columns, Page, Section, Stack } from "../ui/Page";

/** Where the store stands with Klaviyo, and everything that changes it. */
export function Klaviyo() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data: view, error, isError, refetch } = useQuery(klaviyoStatusQuery(store));
  return (
    <Page title={t("klaviyo.title")} note={t("klaviyo.note")}>
      {view === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting rows={6} /></Section>
      ) : (
        <>
          <KlaviyoState view={view} />
          {view.account === null ? <KlaviyoWizard key={store} store={store} view={view} /> : (
            <>
              <Columns shape="even">
                <AccountSection view={view} />
                <Stack>
                  <MetricSection store={store} view={view} />
                  <KeySection key={store} store={store} view={view} />
                </Stack>
              </Columns>
              <CheckSection key={store} store={store} view={view} />
              <DisconnectSection store={store} account={view.account} />
            </>
          )}
        </>
      )}
    </Page>
  );
}
