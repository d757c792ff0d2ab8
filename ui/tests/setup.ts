import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeAll, expect, vi } from "vitest";

import { setupI18n } from "../src/i18n/setup";

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8000 });

// What jsdom lacks and Mantine asks for.
window.matchMedia = (query: string) => ({
  matches: false, media: query, onchange: null, addListener: () => undefined, removeListener: () => undefined,
  addEventListener: () => undefined, removeEventListener: () => undefined, dispatchEvent: () => false,
});
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = function scrollTo(this: Element, to?: ScrollToOptions | number) {
  if (typeof to !== "object") return;
  this.scrollTop = to.top ?? 0;
  setTimeout(() => this.dispatchEvent(new Event("scroll")), 0);
};

// A test that makes the window complain has found something.
const complaints: string[] = [];
beforeAll(async () => {
  await setupI18n("en");
  for (const level of ["error", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
      complaints.push(words.map(String).join(" "));
    });
  }
});
afterEach(() => {
  cleanup();
  const heard = complaints.splice(0);
  expect(heard).toEqual([]);
});

// jsdom lays nothing out; the virtual table needs a height to fill, and a length to scroll.
Object.defineProperty(HTMLElement.prototype, "scrollHeight", { configurable: true, value: 1_000_000 });
Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 640 });
Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 1000 });
