import { parseHttpDate } from "./http-date.ts";

export interface ConditionInput {
  method: string;
  headers: Headers;
  /** As sent: with its quotes. */
  etag: string;
  /** Milliseconds since 1970 UTC; compared in whole seconds, as HTTP dates have no more. */
  lastModified: number;
}

export type ConditionResult =
  /** Serve it; `useRange` is false where an If-Range no longer holds. */
  { kind: "proceed"; useRange: boolean } | { kind: "not_modified" } | { kind: "precondition_failed" };

/** The conditions of a request on something that exists, in the order of RFC 9110 §13.2.2. */
export function evaluateConditions(input: ConditionInput): ConditionResult {
  const { headers, etag } = input;
  const isRead = input.method === "GET" || input.method === "HEAD";
  const modifiedAt = inSeconds(input.lastModified);

  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!listHolds(ifMatch, etag, strongMatch)) return { kind: "precondition_failed" };
  } else {
    const unmodifiedSince = dateOf(headers, "if-unmodified-since");
    if (unmodifiedSince !== null && modifiedAt > unmodifiedSince) return { kind: "precondition_failed" };
  }

  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (listHolds(ifNoneMatch, etag, weakMatch)) {
      return isRead ? { kind: "not_modified" } : { kind: "precondition_failed" };
    }
  } else if (isRead) {
    const modifiedSince = dateOf(headers, "if-modified-since");
    if (modifiedSince !== null && modifiedAt <= modifiedSince) return { kind: "not_modified" };
  }
  return { kind: "proceed", useRange: ifRangeHolds(headers.get("if-range"), etag, modifiedAt) };
}

/** Both strong and the same bytes (RFC 9110 §8.8.3.2). */
export function strongMatch(a: string, b: string): boolean {
  return a === b && !a.startsWith("W/");
}

/** The same but for a leading W/ (RFC 9110 §8.8.3.2). */
export function weakMatch(a: string, b: string): boolean {
  return opaqueOf(a) === opaqueOf(b);
}

function opaqueOf(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}

// Tags may hold commas, so the list can't be split at them.
const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

function listHolds(list: string, etag: string, same: (a: string, b: string) => boolean): boolean {
  if (list.trim() === "*") return true;
  return (list.match(entityTag) ?? []).some((one) => same(one, etag));
}

function dateOf(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  return text === null ? null : parseHttpDate(text);
}

/** A date counts only if it is exactly the file's own (RFC 9110 §13.1.5): a later one is no proof of the same bytes. */
export function ifRangeHolds(header: string | null, etag: string, modifiedAt: number): boolean {
  if (header === null) return true;
  const text = header.trim();
  return text.endsWith('"') ? strongMatch(text, etag) : parseHttpDate(text) === inSeconds(modifiedAt);
}

function inSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
