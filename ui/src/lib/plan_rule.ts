// Rules of a plan table as text, and as the engine writes them beside what they matched.

import type { ItemView } from "../ipc/generated/ItemView";
import type { PaymentKind } from "../ipc/generated/PaymentKind";
import type { PlanBy } from "../ipc/generated/PlanBy";
import type { PlanRule } from "../ipc/generated/PlanRule";

/** The surest first: the order in which rules are tried. */
export const PLAN_BYS = ["price", "lookup_key", "product", "plan", "credits", "amount"] as const satisfies readonly PlanBy[];

export type MatchedRule = { by: PlanBy; value: string };

/** Reads the rules that matched: `price price_1, product prod_2`. A value may hold a comma itself. */
export function readMatched(text: string): MatchedRule[] {
  const found: MatchedRule[] = [];
  for (const part of text.split(", ")) {
    const [word = "", ...rest] = part.split(" ");
    const by = PLAN_BYS.find((known) => known === word);
    const before = found.at(-1);
    if (by !== undefined) found.push({ by, value: rest.join(" ") });
    else if (before !== undefined) before.value += `, ${part}`;
  }
  return found;
}

/** The place, from 0, of the rule that a refused table names: `rule 2 (price "x"): ...`. */
export function refusedPlace(message: string): number | null {
  const match = /^rule (\d+) \(/.exec(message);
  return match === null ? null : Number(match[1]) - 1;
}

/**
 * A rule that would cover payments of a kind: the first line item that no rule covers, by the surest thing it has; without
 * one the payment as a whole. The credits are left for a person to say.
 */
export function ruleFor(kind: PaymentKind, rules: readonly PlanRule[]): PlanRule {
  const rule = (by: PlanBy, value: string): PlanRule => ({ by, value, plan: "", credits: null });
  const { price = null, lookup_key: key = null, product = null } = kind.items.find((item) => !covers(rules, item)) ?? {};
  if (price !== null) return rule("price", price);
  if (key !== null) return rule("lookup_key", key);
  if (product !== null) return rule("product", product);
  if (kind.plan !== null) return rule("plan", kind.plan);
  if (kind.credits !== null) return rule("credits", "");
  if (kind.amount_minor !== null && kind.currency !== null) return rule("amount", `${kind.amount_minor} ${kind.currency}`);
  return rule("price", "");
}

function covers(rules: readonly PlanRule[], { price, lookup_key: key, product }: ItemView): boolean {
  const of = { price, lookup_key: key, product, plan: null, credits: null, amount: null };
  return rules.some((rule) => of[rule.by] === rule.value);
}

/** All that a rule says, as one text: replies and forms put the fields in different orders. */
export function ruleText({ by, value, plan, credits }: PlanRule): string {
  return JSON.stringify([by, value, plan, credits]);
}

/** Whether two rules look at the same. */
function sameMatch(a: PlanRule, b: PlanRule): boolean {
  return a.by === b.by && a.value === b.value;
}

/** The rules with others added; one that looks at the same is put in the place of the old. */
export function withRules(rules: readonly PlanRule[], added: readonly PlanRule[]): PlanRule[] {
  const next = [...rules];
  for (const rule of added) {
    const at = next.findIndex((one) => sameMatch(one, rule));
    if (at < 0) next.push(rule);
    else next[at] = rule;
  }
  return next;
}
