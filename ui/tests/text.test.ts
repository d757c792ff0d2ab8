import { describe, expect, it } from "vitest";

import { asApiError } from "../src/ipc/api_error";
import { indentJson } from "../src/lib/json_text";
import { axisTicks, formatBytes, formatChange, formatRate } from "../src/lib/number";
import { sentence, sentences } from "../src/lib/sentence";

describe("stored JSON", () => {
  it("is indented without touching a value", () => {
    const raw = '{"a":1.0,"big":12345678901234567890,"s":"{\\"x\\":[1,2]} \\\\","e":{},"l":[ ],"n":[1,{"b":null}]}';
    const shown = indentJson(raw);
    expect(shown).toContain("12345678901234567890");
    expect(shown).toContain("1.0");
    expect(shown).toContain('"e": {}');
    expect(JSON.parse(shown)).toEqual(JSON.parse(raw));
    expect(shown.split("\n")).toHaveLength(13);
  });

  it("is shown as it came where it is not JSON", () => {
    expect(indentJson("<html>504</html>")).toBe("<html>504</html>");
    expect(indentJson('{"cut":')).toBe('{"cut":');
  });
});

describe("numbers", () => {
  it("have no rate of nothing", () => {
    expect(formatRate(0, 0, "en")).toBeNull();
    expect(formatRate(1, 3, "en")).toBe("33.3%");
    expect(formatChange(5, 0, "en")).toBeNull();
    expect(formatChange(9, 6, "en")).toBe("+50%");
  });

  it("have sizes", () => {
    expect(formatBytes(98_304, "en")).toBe("98 kB");
    expect(formatBytes(1_500_000, "en")).toBe("1.5 MB");
  });

  it.each([[0, [0, 1]], [1, [0, 1]], [4, [0, 1, 2, 3, 4]], [45, [0, 20, 40, 60]], [1000, [0, 500, 1000]]])("make an axis up to %i", (max, ticks) => {
    expect(axisTicks(max)).toEqual(ticks);
  });
});

describe("an error", () => {
  it("keeps the engine's three parts, and makes them for anything else", () => {
    const error = { code: "X", message: "m", hint: "h" };
    expect(asApiError(error)).toEqual(error);
    expect(asApiError(new Error("broke"))).toEqual({ code: "WINDOW_ERROR", message: "broke", hint: "" });
    expect(asApiError("text")).toEqual({ code: "WINDOW_ERROR", message: "text", hint: "" });
  });
});

describe("a sentence", () => {
  it.each([
    ["no connection to a.klaviyo.com", "No connection to a.klaviyo.com."],
    ["a.klaviyo.com asks to slow down", "a.klaviyo.com asks to slow down."],
    ["act_7 is about to send this event", "act_7 is about to send this event."],
    ["nothing, so far", "Nothing, so far."],
    ["done. next", "Done. next."],
    ["refused!", "Refused!"],
    ["  ", ""],
  ])("of %j", (text, said) => expect(sentence(text)).toBe(said));

  it("stands apart from the next, but for a Chinese one", () => {
    expect(sentences("One.", "Two.")).toBe("One. Two.");
    expect(sentences("一。", "二。")).toBe("一。二。");
    expect(sentences("", "Two.", "")).toBe("Two.");
  });
});
