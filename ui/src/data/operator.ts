const STORED_AT = "foredeck-operator";

/** The name an operator last signed a change with; empty before the first. */
export function operatorName(): string {
  return localStorage.getItem(STORED_AT) ?? "";
}

export function rememberOperator(name: string): void {
  localStorage.setItem(STORED_AT, name.trim());
}
