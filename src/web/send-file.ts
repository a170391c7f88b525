import { readSync } from "node:fs";
import { AppError } from "../lib/errors.ts";
import { evaluateConditions } from "../lib/etag.ts";
import { formatHttpDate } from "../lib/http-date.ts";
import { isOpenEnded, parseRange, type RangeChoice } from "../lib/range.ts";
import { openKept } from "./open-files.ts";

/** Bytes that can be sent, wherever they are. */
export interface BytesToSend {
  /** As the file's row says. */
  sizeBytes: number;
  /** The SHA-256 in hex, in quotes. */
  etag: string;
  /** Milliseconds since 1970 UTC. */
  modifiedAt: number;
  mime: string;
  /** From `contentDisposition()`. */
  disposition?: string;
  /**
   * Without it "private, no-cache": browsers may keep it, but ask each time. What a player keeps it asks for in
   * ranges with an end, which are never cut short: `private, no-store` keeps every answer to it small.
   */
  cacheControl?: string;
  /** What else every answer says; what is said of these bytes here goes before it. */
  also?: HeaderFields;
}

/**
 * Answers a GET or HEAD with a file, or the part of it that was asked for: 200, 206, 304, 412, 416 (RFC 9110).
 * Throws `not_found` where the file is gone, `unavailable` where it has not the size that it should have.
 * Hand the Response on as it is: once its `body` is touched, it is no longer sent by sendfile.
 */
export function sendFile(request: Request, path: string, bytes: BytesToSend): Response {
  const fd = openChecked(path, bytes);
  const { status, headers, part } = planAnswer(request, bytes);
  return new Response(part && bodyOf(fd, path, part.start, part.end), { status, headers });
}

/** The same for bytes that `read` gives: `start` and `end` are both inclusive. */
export async function sendBytes(
  request: Request,
  bytes: BytesToSend,
  read: (range: { start: number; end: number }) => Promise<ReadableStream<Uint8Array>>,
): Promise<Response> {
  const { status, headers: shared, part } = planAnswer(request, bytes);
  // Other answers change theirs while this one's bytes are waited for.
  const headers = new Headers(shared);
  const isEmpty = part?.start === part?.end;
  const body = part && !isEmpty ? await read({ start: part.start, end: part.end - 1 }) : null;
  return new Response(body, { status, headers });
}

interface Answer {
  status: number;
  /** Shared with the next answer, so good until then: Response copies them. */
  headers: Headers;
  /** The bytes of the body, from `start` up to but without `end`; null for an answer without a body. */
  part: { start: number; end: number } | null;
}

function planAnswer(request: Request, bytes: BytesToSend): Answer {
  const known = headersOf(bytes);
  const condition = evaluateConditions({
    method: request.method,
    headers: request.headers,
    etag: bytes.etag,
    lastModified: bytes.modifiedAt,
  });
  if (condition.kind === "not_modified") return { status: 304, headers: known.always, part: null };
  if (condition.kind === "precondition_failed") return { status: 412, headers: known.always, part: null };

  // Ranges are defined for GET only (RFC 9110 §14.2).
  const usesRange = request.method === "GET" && condition.useRange;
  const range = usesRange ? chooseRange(request.headers, bytes.sizeBytes) : whole;
  if (range.kind === "unsatisfiable") {
    const headers = new Headers(known.always);
    headers.set("content-range", `bytes */${bytes.sizeBytes}`);
    return { status: 416, headers, part: null };
  }
  const isPart = range.kind === "part";
  const [start, end] = isPart ? [range.start, range.end + 1] : [0, bytes.sizeBytes];
  const headers = isPart ? known.withPart : known.withBody;
  if (isPart) headers.set("content-range", `bytes ${start}-${end - 1}/${bytes.sizeBytes}`);
  headers.set("content-length", String(end - start));
  return { status: isPart ? 206 : 200, headers, part: request.method === "HEAD" ? null : { start, end } };
}

type HeaderFields = Record<string, string>;
const whole: RangeChoice = { kind: "whole" };

function openChecked(path: string, { etag, sizeBytes }: BytesToSend): number {
  const found = openKept(path, etag);
  if (!found) throw fileIsGone();
  if (found.sizeBytes !== sizeBytes) throw fileIsDifferent();
  return found.fd;
}

interface KnownHeaders {
  always: Headers;
  withBody: Headers;
  withPart: Headers;
}

const knownHeaders = new WeakMap<BytesToSend, KnownHeaders>();

/** The same ones serve every range of the same `BytesToSend`: to make new ones takes as long as all checks together. */
function headersOf(bytes: BytesToSend): KnownHeaders {
  let known = knownHeaders.get(bytes);
  if (!known) knownHeaders.set(bytes, (known = makeHeaders(bytes)));
  return known;
}

function makeHeaders(bytes: BytesToSend): KnownHeaders {
  const always = {
    ...bytes.also,
    "accept-ranges": "bytes",
    etag: bytes.etag,
    "last-modified": formatHttpDate(bytes.modifiedAt),
    "cache-control": bytes.cacheControl ?? "private, no-cache",
    // The length of a part depends on them: see isPlayer.
    vary: "Sec-Fetch-Dest, Accept",
    "x-content-type-options": "nosniff",
  };
  const withBody = { ...always, ...describeBody(bytes) };
  return { always: new Headers(always), withBody: new Headers(withBody), withPart: new Headers(withBody) };
}

// A player that asks for everything takes it at its own pace, and so does each of a hundred others: small
// requests would wait for seconds behind them. It asks again for the rest (RFC 9110 §15.3.7).
const mostForPlayers = 2 * 1024 * 1024;

function chooseRange(headers: Headers, sizeBytes: number): RangeChoice {
  const header = headers.get("range");
  const range = parseRange(header, sizeBytes);
  if (range.kind !== "part" || !isOpenEnded(header ?? "") || !isPlayer(headers)) return range;
  return { ...range, end: Math.min(range.end, range.start + mostForPlayers - 1) };
}

/**
 * Over plain http no browser sends Sec-Fetch-Dest, except to localhost. Chromium's player is then known by all of
 * these together, and was seen to ask for the rest of what is cut short. Anything vaguer would also cut short curl,
 * wget, VLC or yt-dlp going on with a download, which take the end of an answer for the end of the file; the
 * browser's own downloads go on with If-Range.
 */
function isPlayer(headers: Headers): boolean {
  const destination = headers.get("sec-fetch-dest");
  if (destination !== null) return destination === "video" || destination === "audio";
  return (
    headers.get("accept") === "*/*" &&
    headers.get("accept-encoding") === "identity" &&
    !headers.has("if-range") &&
    /Chrome\/\d/.test(headers.get("user-agent") ?? "")
  );
}

// What browsers may show. The rest could be a page with scripts of a stranger, in our origin: SVG, HTML, XML, PDF.
const shownTypes =
  /^(?:(?:video|audio)\/[a-z0-9.+-]+|image\/(?:jpeg|png|webp|gif|avif)|text\/vtt|application\/vnd\.apple\.mpegurl)$/;

/** Type and disposition, as far as a browser may have a say in them: for an allow-list of types only. */
export function describeBody({ mime, disposition }: Pick<BytesToSend, "mime" | "disposition">): HeaderFields {
  if (shownTypes.test(mime)) {
    return { "content-type": mime, ...(disposition ? { "content-disposition": disposition } : {}) };
  }
  return {
    "content-type": "application/octet-stream",
    "content-disposition": (disposition ?? "attachment").replace(/^inline/i, "attachment"),
    "content-security-policy": "default-src 'none'; sandbox",
  };
}

// Up to here, reading takes less time than handing Bun a slice to send (bench/range.ts), and what slow readers
// have not taken yet stays small.
const mostToRead = 128 * 1024;
// Response copies what it is given (Fetch §5.2 "extract a body"), so one buffer serves all.
const buffer = Buffer.allocUnsafeSlow(mostToRead);

/** Bytes from `start` up to but without `end`. */
function bodyOf(fd: number, path: string, start: number, end: number) {
  const isSmall = end - start <= mostToRead;
  return isSmall ? readPart(fd, start, end - start) : Bun.file(path).slice(start, end);
}

function readPart(fd: number, start: number, length: number): Uint8Array<ArrayBuffer> {
  let done = 0;
  while (done < length) {
    const count = readSync(fd, buffer, done, length - done, start + done);
    if (count === 0) throw fileIsDifferent();
    done += count;
  }
  return buffer.subarray(0, length);
}

function fileIsGone() {
  return new AppError("not_found", "This file is no longer here.");
}

function fileIsDifferent() {
  return new AppError("unavailable", "This file is not what it should be.", {
    hint: "It may be being replaced right now: try again in a moment.",
  });
}
