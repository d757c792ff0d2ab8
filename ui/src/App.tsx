import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { DatesProvider } from "@mantine/dates";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { followAlerts } from "./data/alerts";
import { followChanged } from "./data/changed";
import type { makeRouter } from "./router";
import { theme } from "./ui/theme";
import { Toasts } from "./ui/Toasts";

const schemes = localStorageColorSchemeManager({ key: "foredeck-theme" });

/** Local reads are quick and change only when the engine says so: nothing is read again by itself. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: Number.POSITIVE_INFINITY, gcTime: 10 * 60_000, retry: false, refetchOnWindowFocus: false, networkMode: "always" },
      mutations: { retry: false, networkMode: "always" },
    },
    mutationCache: new MutationCache(),
  });
}

export function App({ client, router }: { client: QueryClient; router: ReturnType<typeof makeRouter> }) {
  const { i18n } = useTranslation();
  useEffect(() => followChanged(client), [client]);
  useEffect(() => followAlerts(client), [client]);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemes}>
      <DatesProvider settings={{ locale: i18n.language === "zh-CN" ? "zh-cn" : "en", firstDayOfWeek: 1 }}>
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
          <Toasts />
        </QueryClientProvider>
      </DatesProvider>
    </MantineProvider>
  );
}
