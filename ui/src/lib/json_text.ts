/**
 * Indents JSON without reading its values: numbers of any length, escapes and the order of keys stay as they came.
 * Text that is not JSON comes back as it is.
 */
export function indentJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let out = "";
  let depth = 0;
  let inString = false;
  const newline = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (inString) {
      out += char;
      if (char === "\\") {
        at += 1;
        out += text.charAt(at);
      } else if (char === '"') {
        inString = false;
      }
    } else if (char === '"') {
      inString = true;
      out += char;
    } else if (char === "{" || char === "[") {
      const closing = /^\s*[}\]]/.exec(text.slice(at + 1, at + 200));
      if (closing === null) {
        depth += 1;
        out += char + newline();
      } else {
        at += closing[0].length;
        out += char + text.charAt(at);
      }
    } else if (char === "}" || char === "]") {
      depth -= 1;
      out += newline() + char;
    } else if (char === ",") {
      out += char + newline();
    } else if (char === ":") {
      out += ": ";
    } else if (!/\s/.test(char)) {
      out += char;
    }
  }
  return out;
}
