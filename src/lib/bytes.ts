const decimal = ["B", "kB", "MB", "GB", "TB", "PB"];

/** "0 B", "999 B", "1.5 MB", "12 GB": powers of ten, two digits that matter. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let step = 0;
  // 999.5 and more would be shown as "1000": the next unit says it better.
  while (value >= 999.5 && step < decimal.length - 1) {
    value /= 1000;
    step++;
  }
  const digits = step > 0 && value < 9.95 ? 1 : 0;
  return `${trimZero(value.toFixed(digits))} ${decimal[step]}`;
}

const factors: Record<string, number> = { "": 1, b: 1 };
for (const [n, letter] of ["k", "m", "g", "t", "p"].entries()) {
  factors[letter] = factors[`${letter}b`] = 1000 ** (n + 1);
  factors[`${letter}ib`] = 1024 ** (n + 1);
}

/**
 * Bytes in "500MB", "1.5 GB", "64KiB" or "1024": powers of ten, of two only with an "i". Null for anything
 * else, and for what is not a whole number of bytes below 2^53.
 */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = factors[match?.[2]?.toLowerCase() ?? "none"];
  if (!match || factor === undefined) return null;
  const bytes = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function trimZero(digits: string): string {
  return digits.replace(/\.0$/, "");
}
