import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Toasts, toast, toastError } from "../src/ui/Toasts";

const texts = () => screen.queryAllByTestId("toast").map((one) => one.textContent);
const later = (ms: number) => act(() => vi.advanceTimersByTime(ms));

beforeEach(() => {
  vi.useFakeTimers();
  render(<MantineProvider><Toasts /></MantineProvider>);
});

afterEach(() => {
  for (const one of screen.queryAllByTestId("toast")) fireEvent.click(within(one).getByRole("button", { name: "Close" }));
  vi.useRealTimers();
});

describe("what is said in passing", () => {
  it("goes by itself, each after its own time, and two stand at most", () => {
    act(() => toast("One."));
    later(3000);
    act(() => toast("Two."));
    expect(texts()).toEqual(["One.", "Two."]);
    act(() => toast("Three."));
    expect(texts()).toEqual(["Two.", "Three."]);
    later(4999);
    expect(texts()).toEqual(["Two.", "Three."]);
    later(1);
    expect(texts()).toEqual([]);
  });

  it("is said once where it is the same, and how often", () => {
    act(() => toast("Saved."));
    act(() => toast("Other."));
    later(4000);
    act(() => toast("Saved."));
    expect(texts()).toEqual(["Other.", "Saved.×2"]);
    later(1000);
    expect(texts()).toEqual(["Saved.×2"]);
    later(4000);
    expect(texts()).toEqual([]);
  });

  it("stays while a pointer rests on it", () => {
    act(() => toast("Saved."));
    fireEvent.pointerEnter(screen.getByTestId("toast"));
    later(60_000);
    expect(texts()).toEqual(["Saved."]);
    fireEvent.pointerLeave(screen.getByTestId("toast"));
    later(5000);
    expect(texts()).toEqual([]);
  });

  it("stays until it is closed where it is an error, which nothing drives away", () => {
    act(() => toastError({ code: "X", message: "it broke", hint: "Mend it." }));
    act(() => toastError({ code: "X", message: "it broke", hint: "Mend it." }));
    for (const text of ["One.", "Two.", "Three."]) act(() => toast(text));
    expect(texts()).toEqual(["It broke. Mend it.×2", "Two.", "Three."]);
    later(60_000);
    expect(texts()).toEqual(["It broke. Mend it.×2"]);
  });
});
