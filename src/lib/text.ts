/**
 * Text of strangers made fit to be kept: well-formed, no control characters, no marks that turn the
 * direction of what follows, at most `longest` characters. Escaping for HTML, SQL or mail is not done here.
 */
export function cleanText(text: string, longest: number, options: { keepLines?: boolean } = {}): string {
  const unwanted = options.keepLines ? /[^\P{Cc}\n]+/gu : /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
  const clean = text
    .toWellFormed()
    .replaceAll("\r\n", "\n")
    .replaceAll(unwanted, " ")
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "")
    .trim();
  const letters = [...clean];
  return letters.length <= longest ? clean : `${letters.slice(0, longest - 1).join("")}…`;
}
