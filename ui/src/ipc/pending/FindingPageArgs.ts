import type { FindingState } from "./FindingState";
import type { Severity } from "./Severity";

export type FindingPageArgs = { rules?: Array<string>; state?: FindingState; order?: string; severity?: Severity; search?: string; limit?: number; after?: string };
