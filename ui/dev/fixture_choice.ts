// `?fixture=NAME` is kept for this tab and taken out of the address: hash URLs would carry it into every page's query.

const STORED_AT = "foredeck-fixture";

export function takeFixture(): void {
  const address = new URL(window.location.href);
  const fixture = address.searchParams.get("fixture");
  if (fixture === null) return;
  sessionStorage.setItem(STORED_AT, fixture);
  address.searchParams.delete("fixture");
  window.history.replaceState(null, "", address);
}

export function chosenFixture(): string | null {
  return sessionStorage.getItem(STORED_AT);
}
