import { describe, expect, test } from "bun:test";
import { crc32 as nodeCrc32 } from "node:zlib";
import { crc32, crc32InBase64 } from "../../public/uploads/sending/crc32.ts";
import {
  checkPart,
  countOf,
  planParts,
  requireAll,
  soundParts,
} from "../../src/features/uploads/arriving/part-rules.ts";
import type { ArrivedPart } from "../../src/storage/arrivals.ts";
import { crc32InBase64 as serversCrc32 } from "../../src/storage/s3/crc32.ts";

const mib = 1024 * 1024;
const upload = { sizeBytes: 20 * mib, partBytes: 8 * mib };
const there = (n: number, sizeBytes: number): ArrivedPart => ({ n, sizeBytes, etag: "e", crc32: "" });

describe("a file in parts", () => {
  test("has those of 8 MiB, and larger ones where there would be too many", () => {
    expect(planParts(1)).toEqual({ sizeBytes: 1, partBytes: 8 * mib });
    expect(planParts(50e9).partBytes).toBe(8 * mib);
    const huge = planParts(4e12);
    expect(countOf(huge)).toBeLessThanOrEqual(10_000);
    expect(huge.partBytes % mib).toBe(0);
  });

  test("takes its own parts alone, each of its size", () => {
    const crc32 = "JJDgYg==";
    expect(checkPart(upload, { n: 1, crc32 })).toEqual({ n: 1, crc32, sizeBytes: 8 * mib });
    expect(checkPart(upload, { n: 3, crc32 })).toEqual({ n: 3, crc32, sizeBytes: 4 * mib });
    for (const n of [0, -1, 4, 1.5, Number.NaN])
      expect(() => checkPart(upload, { n, crc32 })).toThrow("no part");
    for (const wrong of ["", "JJDgYg", "JJDgYh==", "JJDgYgAA", "JJDg\ng=="])
      expect(() => checkPart(upload, { n: 1, crc32: wrong })).toThrow("no checksum");
  });

  test("is there when every part is, in its size", () => {
    const all = [there(1, 8 * mib), there(2, 8 * mib), there(3, 4 * mib)];
    expect(() => requireAll(upload, all)).not.toThrow();
    expect(() => requireAll(upload, all.slice(1))).toThrow("not there in whole");
    const wrong = [...all.slice(0, 2), there(3, 8 * mib), there(4, 8 * mib)];
    expect(soundParts(upload, wrong)).toEqual(all.slice(0, 2));
    expect(() => requireAll(upload, wrong)).toThrow("not there in whole");
  });
});

test("the browser's checksum is that of everybody", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  for (const length of [0, 1, 7, 8, 9, 31, 60_000])
    expect(crc32(bytes.subarray(0, length))).toBe(nodeCrc32(bytes.subarray(0, length)));
  expect(crc32(bytes.subarray(13), crc32(bytes.subarray(0, 13)))).toBe(nodeCrc32(bytes));
  // Of several slices.
  const long = new Uint8Array(4_500_001).map((_, i) => i % 251);
  expect(await crc32InBase64(new Blob([long]))).toBe(serversCrc32(long));
});
