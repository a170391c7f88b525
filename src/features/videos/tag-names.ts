const longestTag = 50;
const mostTags = 50;

/** Tags as they are kept, from text ("a, #b c" has "a" and "b c") or a list: lower case, no "#", each once. */
export function parseTags(input: string | readonly string[]): string[] {
  const parts = typeof input === "string" ? input.split(/[,\n]/) : input;
  const names = parts.map(tagName).filter((name) => name !== "");
  return [...new Set(names)].slice(0, mostTags).sort();
}

function tagName(text: string): string {
  return [
    ...text
      .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
      .trim()
      .replace(/^#+/, "")
      .trim()
      .replaceAll(/\s+/g, " ")
      .toLowerCase(),
  ]
    .slice(0, longestTag)
    .join("");
}
