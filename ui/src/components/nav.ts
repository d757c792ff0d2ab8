import type { IconName } from "../ui/Icon";

/** The pages of a store, in the order of the sidebar. The frame, the keys and the tests read this list. */
export const NAV = [
  { name: "overview", group: "orders", to: "/s/$store/overview", icon: "overview", key: "o" },
  { name: "stuck", group: "orders", to: "/s/$store/stuck", icon: "warning", key: "t" },
  { name: "preorders", group: "orders", to: "/s/$store/preorders", icon: "preorders", key: "p" },
  { name: "leads", group: "orders", to: "/s/$store/leads", icon: "person", key: "l" },
  { name: "funnel", group: "orders", to: "/s/$store/funnel", icon: "funnel", key: "f" },
  { name: "purchases", group: "credits", to: "/s/$store/purchases", icon: "purchases", key: "u" },
  { name: "wallets", group: "credits", to: "/s/$store/wallets", icon: "wallets", key: "w" },
  { name: "reconciliation", group: "credits", to: "/s/$store/reconciliation", icon: "reconciliation", key: "r" },
  { name: "klaviyo", group: "mail", to: "/s/$store/klaviyo", icon: "flag", key: "k" },
  { name: "klaviyo_events", group: "mail", to: "/s/$store/klaviyo-events", icon: "mail", key: "e" },
  { name: "reports", group: "mail", to: "/s/$store/reports", icon: "chart", key: "m" },
  { name: "audiences", group: "mail", to: "/s/$store/audiences", icon: "person", key: "d" },
  { name: "imports", group: "store", to: "/s/$store/imports", icon: "imports", key: "i" },
  { name: "audit", group: "store", to: "/s/$store/audit", icon: "audit", key: "a" },
  { name: "health", group: "store", to: "/s/$store/health", icon: "health", key: "h" },
  { name: "settings", group: "store", to: "/s/$store/settings", icon: "settings", key: "s" },
] as const satisfies readonly { name: string; group: string; to: string; icon: IconName; key: string }[];

export const NAV_GROUPS = ["orders", "credits", "mail", "store"] as const satisfies readonly (typeof NAV)[number]["group"][];

export type NavName = (typeof NAV)[number]["name"];
