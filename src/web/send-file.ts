import { closeSync, openSync, readSync, statSync } from "node:fs";
import { AppError } from "../lib/errors.ts";
import { evaluateConditions } from "../lib/etag.ts";
import { formatHttpDate } from "../lib/http-date.ts";
import { isOpenEnded, parseRange, type RangeChoice } from "../lib/range.ts";

export interface FileToSend {
  path: string;
  /** As the file's row says; a file of another size is not sent. */
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
}

/**
 * Answers a GET or HEAD with a file, or the part of it that was asked for: 200, 206, 304, 412, 416 (RFC 9110).
 * Throws `not_found` where the file is gone, `unavailable` where it has not the size that it should have.
 * Hand the Response on as it is: once its `body` is touched, it is no longer sent by sendfile.
 */
export function sendFile(request: Request, file: FileToSend): Response {
  checkFile(file);
  const headers = headersOf(file);
  const condition = evaluateConditions({
    method: request.method,
    headers: request.headers,
    etag: file.etag,
    lastModified: file.modifiedAt,
  });
  if (condition.kind === "not_modified") return new Response(null, { status: 304, headers });
  if (condition.kind === "precondition_failed") return new Response(null, { status: 412, headers });

  // Ranges are defined for GET only (RFC 9110 §14.2).
  const usesRange = request.method === "GET" && condition.useRange;
  const range = usesRange ? chooseRange(request.headers, file.sizeBytes) : whole;
  if (range.kind === "unsatisfiable") {
    headers["content-range"] = `bytes */${file.sizeBytes}`;
    return new Response(null, { status: 416, headers });
  }
  describeBody(headers, file);
  if (range.kind === "whole") return respond(request, file, 200, headers, 0, file.sizeBytes);
  headers["content-range"] = `bytes ${range.start}-${range.end}/${file.sizeBytes}`;
  return respond(request, file, 206, headers, range.start, range.end + 1);
}

type HeaderFields = Record<string, string>;
const whole: RangeChoice = { kind: "whole" };

function checkFile(file: FileToSend): void {
  const found = statSync(file.path, { throwIfNoEntry: false });
  if (!found?.isFile()) throw fileIsGone();
  if (found.size !== file.sizeBytes) throw fileIsDifferent();
}

function headersOf(file: FileToSend): HeaderFields {
  return {
    "accept-ranges": "bytes",
    etag: file.etag,
    "last-modified": formatHttpDate(file.modifiedAt),
    "cache-control": file.cacheControl ?? "private, no-cache",
    // The length of a part depends on it: see chooseRange.
    vary: "Sec-Fetch-Dest",
    "x-content-type-options": "nosniff",
  };
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

function isPlayer(headers: Headers): boolean {
  const destination = headers.get("sec-fetch-dest");
  return destination === "video" || destination === "audio";
}

// What browsers may show. The rest could be a page with scripts of a stranger, in our origin: SVG, HTML, XML, PDF.
const shownTypes =
  /^(?:(?:video|audio)\/[a-z0-9.+-]+|image\/(?:jpeg|png|webp|gif|avif)|text\/vtt|application\/vnd\.apple\.mpegurl)$/;

function describeBody(headers: HeaderFields, file: FileToSend): void {
  if (shownTypes.test(file.mime)) {
    headers["content-type"] = file.mime;
    if (file.disposition) headers["content-disposition"] = file.disposition;
    return;
  }
  headers["content-type"] = "application/octet-stream";
  headers["content-disposition"] = (file.disposition ?? "attachment").replace(/^inline/i, "attachment");
  headers["content-security-policy"] = "default-src 'none'; sandbox";
}

// Up to here, reading takes less time than handing Bun a slice to send (bench/range.ts), and what slow readers
// have not taken yet stays small.
const mostToRead = 128 * 1024;
// Response copies what it is given (Fetch §5.2 "extract a body"), so one buffer serves all.
const buffer = Buffer.allocUnsafeSlow(mostToRead);

/** Bytes from `start` up to but without `end`. */
function respond(
  request: Request,
  file: FileToSend,
  status: number,
  headers: HeaderFields,
  start: number,
  end: number,
) {
  headers["content-length"] = String(end - start);
  if (request.method === "HEAD") return new Response(null, { status, headers });
  const isSmall = end - start <= mostToRead;
  const body = isSmall ? readPart(file.path, start, end - start) : Bun.file(file.path).slice(start, end);
  return new Response(body, { status, headers });
}

function readPart(path: string, start: number, length: number): Uint8Array<ArrayBuffer> {
  const fd = openFile(path);
  try {
    let done = 0;
    while (done < length) {
      const count = readSync(fd, buffer, done, length - done, start + done);
      if (count === 0) throw fileIsDifferent();
      done += count;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw fileIsGone();
    throw error;
  }
}

function fileIsGone() {
  return new AppError("not_found", "This file is no longer here.");
}

function fileIsDifferent() {
  return new AppError("unavailable", "This file is not what it should be.", {
    hint: "It may be being replaced right now: try again in a moment.",
  });
}
