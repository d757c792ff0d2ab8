import type { Evidence } from "./Evidence";
import type { FindingState } from "./FindingState";
import type { Severity } from "./Severity";

export type FindingRow = {
  id: string; rule: string; severity: Severity; state: FindingState; subject: string; order_id: string | null;
  email: string | null; name: string | null; color: string | null; amount_minor: number | null; currency: string | null;
  first_seen: number | null; opens_at: number; deadline_at: number | null; evidence: Array<Evidence>; fixes: Array<string>;
  snoozed_until: number | null; note: string | null; by: string | null; at: number | null;
};
