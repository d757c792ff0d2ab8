import type { FindingRow } from "./FindingRow";

export type FindingPage = { rows: Array<FindingRow>; next: string | null; total: number | null };
