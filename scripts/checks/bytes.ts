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

/** Of tests/e2e, what has a bucket of its own in every run: `tests/unit/setup-bytes.test.ts` holds them to it. */
export const withOwnBucket = ["direct-uploads.test.ts", "s3.test.ts"];

/** What runs once more with the bytes in a bucket, in a browser. */
export function e2eInBucket(): string[] {
  const files = readdirSync("tests/e2e").filter((name) => name.endsWith(".test.ts"));
  const others = files.filter((name) => !withOwnBucket.includes(name));
  return others.toSorted().map((name) => `./tests/e2e/${name}`);
}

/** The same without one. */
export function httpInBucket(): string[] {
  return waysOfBytes.map((name) => `./tests/http/${name}.test.ts`);
}
