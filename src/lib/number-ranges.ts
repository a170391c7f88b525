import { AppError } from "./errors.ts";

/** From one number to another, both included. */
export type NumberRange = readonly [from: number, to: number];

/** The highest number that anything is counted to: what a playlist may hold. */
export const highestNumber = 50_000;
const mostRanges = 5000;

/**
 * "1-20, 33, 40-" as ranges in order, without overlaps; an open end goes to the highest number, "" is none.
 * Throws AppError `invalid_input` for anything else.
 */
export function parseNumbers(text: string): NumberRange[] {
  const parts = text
    .split(/[\s,;]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length > mostRanges) throw notNumbers("That are too many pieces.");
  return merge(parts.map(parseRange));
}

/** The shortest text that `parseNumbers` reads as the same. */
export function formatNumbers(ranges: readonly NumberRange[]): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(",");
}

export function includesNumber(ranges: readonly NumberRange[], n: number): boolean {
  return ranges.some(([from, to]) => n >= from && n <= to);
}

/** How many of 1 to `last` they hold. */
export function countNumbers(ranges: readonly NumberRange[], last: number): number {
  return ranges.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, last) - from + 1), 0);
}

function parseRange(part: string): NumberRange {
  const [, first, dash, second] = /^(\d{1,6})(?:([-–])(\d{1,6})?)?$/.exec(part) ?? [];
  if (first === undefined) throw notNumbers(`"${part.slice(0, 20)}" is neither a number nor a range.`);
  const from = Number(first);
  const to = second !== undefined ? Number(second) : dash === undefined ? from : highestNumber;
  if (from < 1 || to > highestNumber) throw notNumbers(`Numbers go from 1 to ${highestNumber}.`);
  if (to < from) throw notNumbers(`"${part}" ends before it begins.`);
  return [from, to];
}

function merge(ranges: NumberRange[]): NumberRange[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function notNumbers(message: string): AppError {
  return new AppError("invalid_input", message, {
    hint: "Write the numbers of the videos like 1-20, 33.",
    field: "items",
  });
}
