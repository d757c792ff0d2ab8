export type Evidence = { name: string; id?: string; at?: number; text?: string; amount_minor?: number; currency?: string; score?: number };
