/**
 * A Content-Disposition header for a file name that may be hostile (RFC 6266): an ASCII name for old
 * clients, and the real one in UTF-8 (RFC 8187). The result holds only printable ASCII.
 */
export function contentDisposition(how: "attachment" | "inline", filename: string): string {
  const name = safeFilename(filename);
  const ascii = asciiName(name);
  const plain = `${how}; filename="${ascii}"`;
  return ascii === name ? plain : `${plain}; filename*=UTF-8''${encodeValue(name)}`;
}

// Control characters, and the marks that reorder or hide text (RFC 9839; "photo\u202Egpj.exe").
const invisible =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const windowsDevice = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
const longestBytes = 200;

/** A name that is one file on every system: no path, no control characters, 1 to 200 bytes of UTF-8. */
export function safeFilename(filename: string): string {
  // Shortened first too, since the patterns take long over 10 kB of dots.
  const clean = shorten(filename.toWellFormed())
    .replace(/\s/gu, " ")
    .replace(invisible, "")
    .replace(/ +/g, " ")
    .replace(/[/\\:*?"<>|]/g, "_")
    .replace(/^[\s.-]+|[\s.]+$/gu, "");
  return shorten(clean.replace(windowsDevice, "_$&")) || "file";
}

/** Cuts the stem and keeps the extension, so that the file still opens with the right program. */
function shorten(name: string): string {
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
  let stem = name.slice(0, name.length - extension.length);
  if (byteLength(name) <= longestBytes) return name;
  const kept: string[] = [];
  let room = longestBytes - extension.length;
  for (const character of stem) {
    room -= byteLength(character);
    if (room < 0) break;
    kept.push(character);
  }
  stem = kept.join("").replace(/[\s.]+$/u, "");
  return stem + extension;
}

/** Accents go, and what has no ASCII becomes "_". A percent sign goes too: some browsers decode it even here. */
function asciiName(name: string): string {
  // Made safe once more: full-width dots and slashes turn into plain ones.
  const plain = safeFilename(name.normalize("NFKD").replace(/\p{Mark}/gu, ""));
  return plain.replace(/[^\x20-\x7e]|%/gu, "_");
}

/** Percent-encoding of everything but the attr-char of RFC 8187 §3.2.1. */
function encodeValue(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
