// Line icons on a 16 px grid, drawn for this window.

const PATHS = {
  overview: "M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8h4.5v5.5H9zM2.5 10.5H7v3H2.5z",
  chart: "M2 13.5h12M4 11.2V8M8 11.2V2.8M12 11.2V5.8",
  funnel: "M2 3h12l-4.5 5.5v4l-3 1.5V8.5z",
  preorders: "M2.5 3.5h11M2.5 8h11M2.5 12.5h7",
  purchases: "M3.5 1.8h9v12.4l-2.2-1.4-2.3 1.4-2.3-1.4-2.2 1.4zM6 5.2h4M6 8.2h4",
  wallets: "M13.5 5.5v-2h-10a1.5 1.5 0 0 0 0 3h10v7h-10a1.5 1.5 0 0 1-1.5-1.5V5M11 10h.1",
  reconciliation: "M8 2v12M4.5 14h7M3 4.5h10M3 4.5L1.2 9.2h3.6zM13 4.5l-1.8 4.7h3.6z",
  imports: "M8 2v7.5M4.8 6.7L8 9.9l3.2-3.2M2.5 9.5v4h11v-4",
  flag: "M3.5 14.5v-12h9.5l-2.6 3.4L13 9.3H3.5",
  mail: "M2 3.5h12v9H2zM2 4l6 5 6-5",
  health: "M1.5 8.5h3l2-5 3 9 2-4h3",
  audit: "M3.5 1.8h9v12.4h-9zM6 5h4M6 7.6h4M6 10.2h2",
  stop: "M5.3 2h5.4L14 5.3v5.4L10.7 14H5.3L2 10.7V5.3zM5.8 5.8h4.4v4.4H5.8z",
  lock: "M3.5 7.2h9v6.3h-9zM5.5 7.2V5a2.5 2.5 0 0 1 5 0v2.2M8 9.8v1.6",
  person: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.8c.4-2.6 2.4-4 5.2-4s4.8 1.4 5.2 4",
  settings: "M2.5 4.5h6M11.5 4.5h2M8.5 3v3M2.5 11.5h2M7.5 11.5h6M7.5 10v3",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  check: "M3 8.5l3.2 3L13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  external: "M6.5 3.5h-4v10h10v-4M9 2.5h4.5V7M13.2 2.8L7.5 8.5",
  warning: "M8 2.2l6.2 11.3H1.8zM8 6.5v3.2M8 11.4v.4",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.7M8 5v.4",
  chevron_down: "M4 6.2l4 4 4-4",
  chevron_up: "M4 9.8l4-4 4 4",
  chevron_right: "M6.2 4l4 4-4 4",
  arrow_left: "M13 8H3.5M7 4L3 8l4 4",
  refresh: "M13.3 8a5.3 5.3 0 1 1-1.6-3.8M13.5 1.8v3h-3",
  plus: "M8 3v10M3 8h10",
  file: "M4 1.8h5l3.2 3.2v9.2H4zM9 1.8V5h3.2",
  key: "M5 10.8a2.8 2.8 0 1 1 2.6-3.9H14v2.6h-1.6V8.3h-1.3v1.2H7.6A2.8 2.8 0 0 1 5 10.8z",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M2.8 13.3h10.4",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z",
  screen: "M2 3h12v8H2zM5.5 13.5h5",
  language: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c2.2 1.6 3 3.6 3 6s-.8 4.4-3 6c-2.2-1.6-3-3.6-3-6s.8-4.4 3-6z",
  keyboard: "M1.5 4.5h13v7h-13zM4 7h.1M6.6 7h.1M9.2 7h.1M11.8 7h.1M5 9.3h6",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6",
  link: "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.8-.8",
  trash: "M2.8 4.2h10.4M6.2 4V2.5h3.6V4M4 4.2l.6 9.3h6.8l.6-9.3",
  anchor: "M8 5a1.6 1.6 0 1 0 0-3.2A1.6 1.6 0 0 0 8 5zM8 5v9M5.2 7.2h5.6M2.5 9.5c.4 3 2.5 4.5 5.5 4.5s5.1-1.5 5.5-4.5",
} as const;

export type IconName = keyof typeof PATHS;

/** A decoration: what it stands beside carries the words. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={1.4}
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
