import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import en from "../src/i18n/en.json";
import zh from "../src/i18n/zh-CN.json";

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") flat.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text);
  }
  return flat;
}

const english = flatten(en);
const chinese = flatten(zh);
/** A plural's forms are one text: Chinese has one form where English has two. */
const bare = (key: string) => key.replace(/_(one|other)$/, "");
const variables = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

const sources = readdirSync(path.join(import.meta.dirname, "../src"), { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => readFileSync(path.join(import.meta.dirname, "../src", file), "utf8"))
  .join("\n");

describe("both languages", () => {
  it("have the same keys", () => {
    expect(new Set([...chinese.keys()].map(bare))).toEqual(new Set([...english.keys()].map(bare)));
  });

  it("have no empty text", () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe("");
  });

  it("fill in the same values", () => {
    for (const [key, text] of chinese) {
      const other = english.get(key) ?? english.get(`${bare(key)}_other`) ?? "";
      // A plural form may leave out the number it already is.
      expect(variables(text).filter((name) => name !== "count"), key).toEqual(variables(other).filter((name) => name !== "count"));
    }
  });

  it("have every plural in every form", () => {
    for (const key of english.keys()) {
      if (key.endsWith("_one")) expect(english.has(`${bare(key)}_other`), key).toBe(true);
    }
    for (const key of chinese.keys()) expect(key.endsWith("_one"), key).toBe(false);
  });

  it("say nothing that no page says", () => {
    const dynamic = /^(nature|nav|frame\.version|preferences|keys|hit|freshness\.(word|meaning)|task|banner|status|status_meaning|object_status|step|step_meaning|kind|funnel\.(by|dimensions)|table|preorders\.(reached|any_)|export|matched_by|rule|origin|timeline_kind|gap_reason|notice|health\.reaches|mirror\.ok|key\.refused|key_source|webhooks\.(problem|reason|leads_to)|settings\.metadata|nav_group|purchase_status|coverage|entry_kind|purchases\.chip|plan_by|plan_value|lookup\.status|difference|not_compared|imports\.(kinds|about|counts)|import_field|action|action_meaning|action_state|action_step|finding_rule|finding_meaning|evidence|decline|dispute_reason|severity|severity_meaning|finding_state|snooze|said|say_title|bulk_say|refund_reason|klaviyo_event|consent|audience|audience_format|audience_keep|left_out|event_policy|event_policy_meaning|event_verdict|event_verdict_meaning|klaviyo_events\.told|klaviyo_settings|address|plan_notice|plan_undo|plan_field|refusal|role|role_meaning|guard\.(word|meaning)|damage|audit_event|leads\.ages|checkout\.identities|klaviyo\.(status|meaning|sync|sync_meaning|report|suggested|refused|purpose|scope_state|scope_meaning|cleared)|klaviyo_why|klaviyo_cure|klaviyo_warning|alert_why|alert_report|report_(kind|note|state|engine|engine_meaning|asked|trigger|reason|stat|channel|why|cure|server_why|server_cure)|reports\.all|chart\.(campaigns|flows|sent_|not_read_))/;
    const unused = [...new Set([...english.keys()].map(bare))].filter((key) => !dynamic.test(key) && !sources.includes(`"${key}"`));
    expect(unused).toEqual([]);
  });

  it("have words for every code of Klaviyo's, its events', reports' and audiences'", () => {
    const engine = path.join(import.meta.dirname, "../../src-tauri/engine/src");
    const rooms = [
      "api/errors.rs", "actions/tell.rs", "actions/plans/send_event.rs", "engine/store/klaviyo", "engine/store/reports.rs", "engine/store/audiences.rs",
      "klaviyo", "tasks/reports", "facts/reports", "report_server",
    ];
    const text = rooms
      .flatMap((room) => (room.endsWith(".rs") ? [room] : readdirSync(path.join(engine, room), { encoding: "utf8" }).filter((file) => file.endsWith(".rs")).map((file) => `${room}/${file}`)))
      .map((file) => readFileSync(path.join(engine, file), "utf8"))
      .join("\n");
    const codes = new Set([...text.matchAll(/"((?:KLAVIYO|REPORTS?|SHOP|ALREADY|NOTHING|UNSUBSCRIBED|NO_EMAIL|NO_KLAVIYO|NOT_PAID|NOT_A_PREORDER|NO_ANSWER)[A-Z_]*)"/g)].map((match) => match[1] ?? ""));
    expect(codes.size).toBeGreaterThan(30);
    const why = new Set(Object.keys(en.klaviyo_why));
    expect([...codes].filter((code) => !why.has(code))).toEqual([]);
    expect(Object.keys(en.klaviyo_cure).sort(), "and what to do about each").toEqual([...why].sort());
  });
});
