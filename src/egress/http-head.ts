/** Message heads of HTTP/1.1 as a proxy needs them (RFC 9112 §3 and §5, RFC 9110 §7.6). */

export const maxHeadBytes = 64 * 1024;

export interface RequestHead {
  method: string;
  /** Host to resolve, without brackets. */
  host: string;
  port: number;
  /** Null for CONNECT, which is a tunnel and sends no head on. */
  forwarded: Buffer | null;
  /** How many bytes of body follow the head. */
  bodyBytes: number;
  proxyAuthorization: string | null;
}

export type ParsedRequest = { ok: true; head: RequestHead } | { ok: false; status: number; reason: string };

/** Where the head ends, the empty line included; -1 while it isn't all there. */
export function headEnd(buffer: Buffer): number {
  const at = buffer.indexOf("\r\n\r\n");
  return at === -1 ? -1 : at + 4;
}

/** `head` is everything up to and including the empty line. */
export function parseRequestHead(head: Buffer): ParsedRequest {
  const lines = readLines(head);
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(lines?.start ?? "") ?? [];
  if (!lines || !method || !target) return bad(400, "bad_request");
  const url = method === "CONNECT" ? parseAuthority(target) : URL.parse(target);
  if (!url || url.protocol !== "http:" || url.hostname === "" || url.username + url.password !== "")
    return bad(400, "bad_request");
  if (valuesOf(lines, "transfer-encoding").length > 0) return bad(411, "length_required");
  const bodyBytes = contentLength(lines);
  if (bodyBytes === null) return bad(400, "bad_request");
  const common = { method, host: url.hostname.replace(/^\[|\]$/g, ""), bodyBytes };
  const proxyAuthorization = valuesOf(lines, "proxy-authorization")[0] ?? null;
  if (method === "CONNECT") {
    const port = Number(/:(\d{1,5})$/.exec(target)?.[1] ?? Number.NaN);
    if (!(port > 0 && port < 65536)) return bad(400, "bad_request");
    return { ok: true, head: { ...common, port, forwarded: null, bodyBytes: 0, proxyAuthorization } };
  }
  // RFC 9112 §3.2.2: the target's authority replaces whatever Host the client sent.
  const kept = endToEnd(lines).filter(([name]) => name.toLowerCase() !== "host");
  const path = `${url.pathname}${url.search}`;
  const forwarded = write(`${method} ${path} HTTP/1.1`, [
    ["Host", url.host],
    ...kept,
    ["Connection", "close"],
  ]);
  return { ok: true, head: { ...common, port: Number(url.port || 80), forwarded, proxyAuthorization } };
}

/** The upstream's head as the client gets it; null when it isn't HTTP. `interim` heads are 1xx. */
export function rewriteResponseHead(head: Buffer): { interim: boolean; head: Buffer } | null {
  const answer = readAnswer(head);
  if (!answer) return null;
  const { status, lines } = answer;
  return {
    interim: status < 200,
    head: write(lines.start, [...endToEnd(lines), ["Connection", "close"]]),
  };
}

export interface AnswerHead {
  status: number;
  /** Null where there is no such header; the first where there are several. */
  header(name: string): string | null;
}

/** What an answer says before its body; null when it isn't HTTP. */
export function parseAnswerHead(head: Buffer): AnswerHead | null {
  const answer = readAnswer(head);
  if (!answer) return null;
  const { status, lines } = answer;
  return { status, header: (name) => valuesOf(lines, name)[0] ?? null };
}

function readAnswer(head: Buffer): { status: number; lines: HeadLines } | null {
  const lines = readLines(head);
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(lines?.start ?? "")?.[1];
  return lines && status ? { status: Number(status), lines } : null;
}

/** Host and port, and nothing else (RFC 9110 §9.3.6). */
function parseAuthority(target: string): URL | null {
  return /[/\\?#@]/.test(target) ? null : URL.parse(`http://${target}`);
}

type Header = readonly [name: string, value: string];

interface HeadLines {
  start: string;
  headers: Header[];
}

function readLines(head: Buffer): HeadLines | null {
  const [start = "", ...rest] = head.toString("latin1", 0, head.length - 4).split("\r\n");
  const headers: Header[] = [];
  for (const line of rest) {
    // Folded lines and names with spaces are refused: they are how requests are smuggled.
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/.exec(line);
    // oxlint-disable-next-line no-control-regex -- a bare CR, LF or NUL in a value is refused (RFC 9110 §5.5)
    if (!match || /[\r\n\0]/.test(line)) return null;
    headers.push([match[1] ?? "", withoutBlanks(match[2] ?? "")]);
  }
  return { start, headers };
}

/** Not by a pattern: of 60 KB of blanks before one last letter, each would be tried as the begin of the end. */
function withoutBlanks(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from++;
  while (from < to && isBlank(text[to - 1])) to--;
  return text.slice(from, to);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function valuesOf(lines: HeadLines, wanted: string): string[] {
  return lines.headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

function contentLength(lines: HeadLines): number | null {
  const values = new Set(valuesOf(lines, "content-length"));
  if (values.size === 0) return 0;
  const [only = ""] = values;
  return values.size === 1 && /^\d{1,15}$/.test(only) ? Number(only) : null;
}

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

/** Transfer-Encoding stays: the body is passed on byte for byte, so its framing is too. */
function endToEnd(lines: HeadLines): Header[] {
  const named = valuesOf(lines, "connection").flatMap((value) => value.toLowerCase().split(/[\s,]+/));
  const dropped = new Set([...hopByHop, ...named.filter((name) => !framing.has(name))]);
  return lines.headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}

const framing = new Set(["transfer-encoding", "content-length", "host"]);

function write(start: string, headers: Header[]): Buffer {
  return Buffer.from(
    `${[start, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\r\n")}\r\n\r\n`,
    "latin1",
  );
}

function bad(status: number, reason: string): ParsedRequest {
  return { ok: false, status, reason };
}
