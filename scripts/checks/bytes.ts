import { readdirSync } from "node:fs";

/** The ways in which bytes come, go, and are looked at, which tests/e2e walks in a browser. */
const waysOfBytes = [
  "uploads",
  "one-request",
  "cli-upload",
  "downloads",
  "thumbnails",
  "own-picture",
  "replace",
];

/** Of tests/e2e, what is the same wherever a run keeps its bytes. `tests/unit/setup-bytes.test.ts` holds them to it. */
export const aloneWithTheirBytes = {
  /** They have a bucket of their own, in every run. */
  ownBucket: ["direct-uploads.test.ts", "s3.test.ts"],
  /** Nothing in them is ever stored. */
  noBytes: ["account.test.ts", "preview.test.ts"],
};

/** What runs once more with the bytes in a bucket, in a browser. */
export function e2eInBucket(): string[] {
  const same = new Set(Object.values(aloneWithTheirBytes).flat());
  const files = readdirSync("tests/e2e").filter((name) => name.endsWith(".test.ts") && !same.has(name));
  return files.toSorted().map((name) => `./tests/e2e/${name}`);
}

/** The same without one. */
export function httpInBucket(): string[] {
  return waysOfBytes.map((name) => `./tests/http/${name}.test.ts`);
}
