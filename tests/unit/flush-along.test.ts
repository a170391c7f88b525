import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flushAlong } from "../../src/storage/flush-along.ts";
import { until } from "../fixtures/until.ts";

const folder = mkdtempSync(join(tmpdir(), "homereel-flush-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Other things of this process come and go meanwhile. */
const isOpen = (path: string) =>
  readdirSync("/proc/self/fd").some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });

function newFile(): { path: string; grow(megabytes: number): void } {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, "");
  return { path, grow: (megabytes) => truncateSync(path, megabytes * 1_000_000) };
}

test("a file that grows is flushed now and then, and no two flushes overlap", async () => {
  const { path, grow } = newFile();
  const flushes: PromiseWithResolvers<void>[] = [];
  const end = flushAlong(path, () => {
    const flush = Promise.withResolvers<void>();
    flushes.push(flush);
    return flush.promise;
  });
  expect(isOpen(path)).toBe(true);
  grow(31);
  await Bun.sleep(80);
  expect(flushes).toBeEmpty();
  grow(40);
  await until(() => flushes.length === 1 || null);
  grow(80);
  await Bun.sleep(80);
  expect(flushes).toHaveLength(1);
  flushes[0]?.resolve();
  await until(() => flushes.length === 2 || null);
  flushes[1]?.resolve();
  await end();
  expect(isOpen(path)).toBe(false);
});

test("what the disk said of a flush is thrown at the end", async () => {
  const { path, grow } = newFile();
  let asked = false;
  const end = flushAlong(path, async () => {
    asked = true;
    throw Object.assign(new Error("bad sector"), { code: "EIO" });
  });
  grow(40);
  await until(() => asked || null);
  await expect(end()).rejects.toThrow("bad sector");
});

test("the disk itself takes the call", async () => {
  const { path, grow } = newFile();
  const end = flushAlong(path);
  grow(40);
  await Bun.sleep(60);
  await end();
});
