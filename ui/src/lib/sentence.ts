/** The engine's words as a sentence: a capital in front, a full stop behind. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…。！？]$/.test(first) ? first : `${first}.`;
}
