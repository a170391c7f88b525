export type RangeChoice =
  | { kind: "whole" }
  /** `start` and `end` are both inclusive, and within the file. */
  | { kind: "part"; start: number; end: number }
  | { kind: "unsatisfiable" };

// "bytes=0-99", "bytes=100-", "bytes=-100"; unit names are case-insensitive (RFC 9110 §14.1).
const singleRange = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Which bytes a Range header asks for (RFC 9110 §14.2). What is malformed, of another unit, or a list of
 * several ranges gets the whole file, as the RFC allows. So does every range of an empty file: some
 * clients send `bytes=0-` with each request, and a 416 tells them nothing.
 */
export function parseRange(header: string | null, sizeBytes: number): RangeChoice {
  const match = singleRange.exec(header?.trim() ?? "");
  if (!match || sizeBytes === 0) return { kind: "whole" };
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? { kind: "whole" } : suffix(last, sizeBytes);
  if (last !== "" && isBefore(last, first)) return { kind: "whole" };
  const start = Number(first);
  if (start >= sizeBytes) return { kind: "unsatisfiable" };
  return { kind: "part", start, end: last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}

/** As doubles, two different positions above 2^53 could compare as equal; BigInt takes ten times as long. */
function isBefore(a: string, b: string): boolean {
  return Number(a) <= Number(b) && BigInt(a) < BigInt(b);
}

function suffix(digits: string, sizeBytes: number): RangeChoice {
  const length = Math.min(Number(digits), sizeBytes);
  if (length === 0) return { kind: "unsatisfiable" };
  return { kind: "part", start: sizeBytes - length, end: sizeBytes - 1 };
}

/** True for `bytes=100-`: the client wants all there is from there, but will take less. */
export function isOpenEnded(header: string): boolean {
  return /^bytes=[ \t]*\d+-[ \t]*$/i.test(header.trim());
}
