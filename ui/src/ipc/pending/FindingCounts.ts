import type { FindingCount } from "./FindingCount";

export type FindingCounts = { rules: Array<FindingCount>; total: number };
