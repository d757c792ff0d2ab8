import type { IconName } from "../ui/Icon";

/** The pages of a store, in the order of the sidebar. The frame, the keys and the tests read this list. */
export const NAV = [
  { name: "overview", to: "/s/$store/overview", icon: "overview", key: "o" },
  { name: "preorders", to: "/s/$store/preorders", icon: "preorders", key: "p" },
  { name: "funnel", to: "/s/$store/funnel", icon: "funnel", key: "f" },
  { name: "health", to: "/s/$store/health", icon: "health", key: "h" },
  { name: "settings", to: "/s/$store/settings", icon: "settings", key: "s" },
] as const satisfies readonly { name: string; to: string; icon: IconName; key: string }[];

export type NavName = (typeof NAV)[number]["name"];
