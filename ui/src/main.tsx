import "@mantine/core/styles.css";
import "@mantine/dates/styles.css";
import "./ui/tokens.css";
import "dayjs/locale/zh-cn";

import { createRoot } from "react-dom/client";

import { App, makeQueryClient } from "./App";
import { setupI18n, startLanguage } from "./i18n/setup";
import { makeRouter } from "./router";

if (import.meta.env.DEV) {
  const { takeFixture } = await import("../dev/fixture_choice");
  takeFixture();
}
await setupI18n(startLanguage());
const client = makeQueryClient();
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App client={client} router={makeRouter(client)} />);
