import type { Severity } from "./Severity";

export type FindingCount = { rule: string; severity: Severity; open: number; snoozed: number };
