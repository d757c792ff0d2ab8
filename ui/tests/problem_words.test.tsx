import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, describe, expect, it } from "vitest";

import en from "../src/i18n/en.json";
import { SAYS_ENOUGH, sayBadRow, sayProblem } from "../src/i18n/problem_words";
import own from "../src/i18n/problems.zh-CN.json";
import { setLanguage } from "../src/i18n/setup";
import { ErrorPanel } from "../src/ui/Feedback";
import { Toasts, toastError } from "../src/ui/Toasts";
import { openWindow } from "./window";

const ROOT = path.join(import.meta.dirname, "../../src-tauri");

/** The Rust of the engine and of the shell, without tests and comments. */
const SOURCES = ["engine/src", "src"].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".rs"))
    .map((file) => {
      const [code = ""] = readFileSync(path.join(ROOT, folder, file), "utf8").split("#[cfg(test)]\nmod tests");
      return { file: path.join(folder, file), text: code.replaceAll(/^\s*\/\/.*$/gm, "") };
    }),
);

/** What is written like a code and is none: SQL, HTTP, names of the environment and of options, a currency, a time zone. */
const NO_CODES = new Set([
  "ASC", "DESC", "NULL", "SCAN", "SEARCH", "DELETE", "FILE", "FULL", "MEMORY", "NORMAL", "WAL", "GET", "POST", "CARGO_PKG_VERSION", "DISPLAY", "LOGNAME", "USER",
  "USERNAME", "WAYLAND_DISPLAY", "DIR", "PATH", "STORE", "USD", "UTC",
]);

function codesOf(sources: readonly { text: string }[]): Set<string> {
  const found = sources.flatMap(({ text }) => [...text.matchAll(/"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)"/g)].map((match) => match[1] ?? ""));
  return new Set(found.filter((word) => !NO_CODES.has(word) && !word.startsWith("FOREDECK_")));
}

const isOfRows = (file: string) => file.startsWith("engine/src/shop_files/") || file === "engine/src/tasks/import/check.rs";
const ROWS = codesOf(SOURCES.filter(({ file }) => isOfRows(file)));
const PROBLEMS = [...codesOf(SOURCES.filter(({ file }) => !isOfRows(file)))].filter((code) => !Object.hasOwn(en.klaviyo_warning, code));
const HAN = /\p{Script=Han}/u;
const RAW = { message: "what the engine says", hint: "Do this." };

afterEach(() => setLanguage("en"));

describe("a problem's words", () => {
  it("are there in Chinese for every code of the engine and the shell: what happened, and what to do", () => {
    expect(PROBLEMS.length).toBeGreaterThan(140);
    const without = [...PROBLEMS, "WINDOW_ERROR"].filter((code) => {
      const said = sayProblem({ code, ...RAW }, "zh-CN");
      return !HAN.test(said.message) || !HAN.test(said.hint);
    });
    expect(without).toEqual([]);
  });

  it("are there for every code of a bad row", () => {
    expect(ROWS.size).toBeGreaterThan(10);
    expect([...ROWS].filter((code) => !HAN.test(sayBadRow({ code, ...RAW }, "zh-CN").words ?? ""))).toEqual([]);
  });

  it("are there for every refusal of an action, with a cure", () => {
    expect(Object.keys(en.refusal).filter((code) => !HAN.test(sayProblem({ code, ...RAW }, "zh-CN").hint))).toEqual([]);
  });

  it("are of codes that there are, and none is empty", () => {
    const known = new Set([...PROBLEMS, "WINDOW_ERROR"]);
    expect([...Object.keys(own.why), ...Object.keys(own.cure), ...SAYS_ENOUGH].filter((code) => !known.has(code))).toEqual([]);
    expect(Object.keys(own.row).filter((code) => !ROWS.has(code))).toEqual([]);
    for (const text of [own.why, own.cure, own.row].flatMap((words) => Object.values(words))) expect(text).toMatch(/。$/);
    const all = SOURCES.map(({ text }) => text).join("\n");
    expect([...NO_CODES].filter((word) => !all.includes(`"${word}"`))).toEqual([]);
  });

  it("stand alone only where the engine's sentence is always the same", () => {
    for (const { file, text } of SOURCES) {
      for (const [, code = "", next = ""] of text.matchAll(/"([A-Z][A-Z0-9_]+)"(?:\.to_owned\(\))?,\s*(format!|error\.to_string|\w+\.to_string)?/g)) {
        if (next !== "") expect(SAYS_ENOUGH.has(code), `${code} in ${file} has particulars`).toBe(false);
      }
    }
    // There an error becomes a code, and its variant's fields its sentence: one without fields has one sentence.
    const edge = SOURCES.find(({ file }) => file.endsWith("api/errors.rs"))?.text ?? "";
    for (const match of edge.matchAll(/"([A-Z][A-Z0-9_]+)"/g)) {
      const bare = /::\w+ =>\s*\{?\s*\(\s*$/.test(edge.slice(0, match.index));
      if (!bare) expect(SAYS_ENOUGH.has(match[1] ?? ""), `${match[1]} may have particulars`).toBe(false);
    }
  });

  it("are the engine's own in English, and where a code is not known", () => {
    expect(sayProblem({ code: "NO_KEY", ...RAW }, "en")).toEqual({ code: "NO_KEY", ...RAW, detail: null });
    for (const code of ["OF_TOMORROW", "toString", ""]) expect(sayProblem({ code, ...RAW }, "zh-CN")).toEqual({ code, ...RAW, detail: null });
  });
});

const BUSY = { code: "STORE_BUSY", message: "the store \"Aurora\" is open in another process", hint: "Close the other window or command first." };

describe("an error panel in Chinese", () => {
  const show = (error: unknown) => render(<MantineProvider><ErrorPanel error={error} /></MantineProvider>);

  it("says what happened and what to do, the engine's sentence beneath, and copies what came", async () => {
    await setLanguage("zh-CN");
    const user = userEvent.setup();
    show(BUSY);
    const panel = screen.getByRole("alert");
    expect(panel.textContent).toContain("另一个进程正在使用此商店。");
    expect(panel.textContent).toContain("请等待其结束");
    expect(panel.querySelector("bdi")?.textContent).toBe("The store \"Aurora\" is open in another process.");
    expect(panel.textContent).not.toContain(BUSY.hint);
    await user.click(within(panel).getByRole("button", { name: "复制错误信息" }));
    expect(await navigator.clipboard.readText()).toBe(`STORE_BUSY: ${BUSY.message} ${BUSY.hint}`);
  });

  it("adds nothing where the words say all of it, and the hint too where it differs by cause", async () => {
    await setLanguage("zh-CN");
    const { rerender } = show({ code: "DISK_FULL", message: "the disk is full", hint: "Free some space; nothing stored is lost." });
    expect(screen.getByRole("alert").querySelector("bdi")).toBeNull();
    rerender(<MantineProvider><ErrorPanel error={{ code: "BAD_SETTING", message: "the pace is out of range", hint: "Give 2 to 3600 seconds." }} /></MantineProvider>);
    expect(screen.getByRole("alert").querySelector("bdi")?.textContent).toBe("The pace is out of range. Give 2 to 3600 seconds.");
  });

  it("is as it was in English", () => {
    show(BUSY);
    expect(screen.getByRole("alert").textContent).toContain("The store \"Aurora\" is open in another process.Close the other window or command first.STORE_BUSY");
    expect(screen.getByRole("alert").querySelector("bdi")).toBeNull();
  });
});

describe("other places in Chinese", () => {
  it("a toast says the words, and the engine's sentence beneath", async () => {
    await setLanguage("zh-CN");
    render(<MantineProvider><Toasts /></MantineProvider>);
    act(() => toastError(BUSY));
    const one = screen.getByTestId("toast");
    expect(one.textContent).toContain("另一个进程正在使用此商店。请等待其结束，或在那里执行。");
    expect(one.querySelector("bdi")?.textContent).toBe("The store \"Aurora\" is open in another process.");
    await userEvent.click(within(one).getByRole("button", { name: "关闭" }));
  });

  it("a page, the freshness and the health of a refused key speak Chinese", async () => {
    await setLanguage("zh-CN");
    openWindow("rejected", "/s/k7m2qxa/health");
    expect((await screen.findAllByText(/Stripe 拒绝此密钥/)).length).toBeGreaterThan(0);
    expect(screen.queryByText(/refuses the key/)).toBeNull();
  });

  it("a bad row of a file says what is wrong, and names the value", async () => {
    await setLanguage("zh-CN");
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/imports");
    await user.click(await screen.findByRole("button", { name: i18next.t("imports.choose") }));
    await user.click(await screen.findByRole("button", { name: i18next.t("imports.check") }));
    const errors = await screen.findByRole("table", { name: i18next.t("imports.bad_rows") });
    const cell = within(errors).getByText(/不是数字。/);
    expect(cell.querySelector("bdi")?.textContent).toContain("\"many\" is not a number");
  });

  it("a fix that cannot be done says what to do", async () => {
    await setLanguage("zh-CN");
    openWindow("full", "/s/k7m2qxa/stuck?rule=paid_twice");
    await screen.findAllByTestId("finding-row");
    fireEvent.keyDown(document.body, { key: "f" });
    const link = await screen.findByTestId("fix-new_link");
    await userEvent.click(link);
    const note = within(screen.getByRole("dialog")).getByRole("note");
    expect(note.textContent).toContain("已付款");
    expect(note.textContent).toContain("无需再付款。");
    expect(note.querySelector("bdi")?.textContent).toMatch(/ is paid\.$/);
  });
});
