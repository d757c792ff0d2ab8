const STORED_AT = "foredeck-store";

/** The store that was in front last time. */
export function lastStore(): string | null {
  return localStorage.getItem(STORED_AT);
}

export function rememberStore(id: string): void {
  localStorage.setItem(STORED_AT, id);
}
