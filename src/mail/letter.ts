import { cleanText } from "../lib/text.ts";
import type { Mail } from "./mail.ts";

/** A paragraph, or a link on a line of its own with the words for its button. */
export type Part = string | { label: string; link: string };

/** The same words as plain text and as HTML. What strangers wrote must have gone through `plainName` before. */
export function writeLetter(to: string, subject: string, parts: readonly Part[]): Mail {
  return {
    to,
    subject: cleanText(subject, 150),
    text: `${parts.map(partText).join("\n\n")}\n`,
    html: page(subject, parts.map(partHtml).join("\n")),
  };
}

function partText(part: Part): string {
  return typeof part === "string" ? part : `${part.label}:\n${part.link}`;
}

function partHtml(part: Part): string {
  if (typeof part === "string") return `<p>${Bun.escapeHTML(part)}</p>`;
  const link = Bun.escapeHTML(part.link);
  return `<p><a href="${link}" style="${button}">${Bun.escapeHTML(part.label)}</a></p>
<p>If that can't be pressed, open this address:<br><a href="${link}" style="${address}">${link}</a></p>`;
}

/** No colour is named anywhere: the reader's own, dark or light, are the right ones. */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${Bun.escapeHTML(title)}</title>
</head>
<body style="${paper}">
${body}
</body>
</html>
`;
}

const paper =
  "margin: 0 auto; padding: 24px 16px; max-width: 560px; font: 16px/1.5 system-ui, -apple-system, sans-serif;";
const button =
  "display: inline-block; padding: 10px 20px; border: 2px solid currentColor; border-radius: 6px; font-weight: 600; text-decoration: none; color: inherit;";
const address = "color: inherit; overflow-wrap: anywhere;";

/**
 * A name as it may stand in a mail: one short line. "" for one that mail programs would make a link of; whoever
 * registers with a stranger's address could otherwise have us send that stranger any link.
 */
export function plainName(name: string): string {
  const clean = cleanText(name, 60);
  return /:\/\/|@|\.\p{L}{2}/u.test(clean) ? "" : clean;
}
