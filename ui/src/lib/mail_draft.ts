/** A mail to one person as an address that the desktop opens. */
export function mailDraft(email: string, subject: string, body: string): string {
  return `mailto:${encodeURIComponent(email).replaceAll("%40", "@")}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;
}
