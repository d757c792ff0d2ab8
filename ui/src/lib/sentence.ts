/** The engine's words as a sentence: a capital in front, where it begins with a word and not with an id or a host; a full stop behind. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const isWord = /^[\p{L}'\u2019-]+(?:[\s,;:!?\u2026]|\.?(?:\s|$))/u.test(trimmed);
  const first = isWord ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…。！？]$/.test(first) ? first : `${first}.`;
}

/** Sentences one after another, with a space but after a Chinese one, whose mark has its own room. What says nothing is left out. */
export function sentences(...said: readonly string[]): string {
  return said.filter((one) => one !== "").reduce((before, one) => `${before}${before === "" || /[。！？]$/.test(before) ? "" : " "}${one}`, "");
}
