export type FindingState = "open" | "snoozed" | "dismissed" | "resolved" | "gone";
