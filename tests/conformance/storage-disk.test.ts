import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDiskStorage } from "../../src/storage/disk.ts";
import { bytesOf, codeOf, inPieces, keysOf, noise, testStorage } from "./storage.ts";

const folder = mkdtempSync(join(tmpdir(), "storage-disk-"));
let count = 0;
const emptyRoot = () => join(folder, `root-${count++}`);
const incomingOf = (root: string) => readdirSync(join(root, ".incoming"));

const suiteRoot = emptyRoot();
testStorage("disk storage", async () => openDiskStorage(suiteRoot), { listLength: 10_000, fill: writeFiles });

test("after all of that, nothing half-written is left, and no descriptor", () => {
  expect(incomingOf(suiteRoot)).toEqual([]);
  expect(openBelow(suiteRoot)).toEqual([]);
});

test("a key is a file of that name below the root", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  await storage.put("videos/v/original.mp4", Buffer.from("x"));
  expect(storage.pathOf("videos/v/original.mp4")).toBe(join(root, "videos/v/original.mp4"));
  expect(await Bun.file(join(root, "videos/v/original.mp4")).text()).toBe("x");
  expect(() => storage.pathOf("../etc/passwd")).toThrow();
});

test("folders go with their last file, the root never", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  await storage.put("a/b/c/1", new Uint8Array());
  await storage.put("a/2", new Uint8Array());
  await storage.delete("a/b/c/1");
  expect(readdirSync(join(root, "a"))).toEqual(["2"]);
  await storage.delete("a/2");
  expect(readdirSync(root)).toEqual([".incoming"]);
});

test("a start sweeps what a crash left half-written, and only that", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  await storage.put("kept", Buffer.from("kept"));
  writeFileSync(join(root, ".incoming", "left-over"), "half");
  expect(await keysOf(storage, "")).toEqual(["kept"]);
  expect(await openDiskStorage(root).sweepIncoming()).toBe(1);
  expect(incomingOf(root)).toEqual([]);
  expect(await keysOf(storage, "")).toEqual(["kept"]);
});

test("things that others put beside the files are not listed", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  await storage.put("a/1", new Uint8Array());
  mkdirSync(join(root, "lost and found"));
  writeFileSync(join(root, "a", ".DS_Store"), "");
  symlinkSync("/etc/hostname", join(root, "a", "link"));
  expect(await keysOf(storage, "")).toEqual(["a/1"]);
});

test("a folder is not a file, and a link is not taken in", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  await storage.put("a/1", new Uint8Array());
  expect(await storage.find("a")).toBeNull();
  expect(await codeOf(storage.read("a"))).toBe("not_found");
  const link = join(folder, "link");
  symlinkSync("/etc/hostname", link);
  expect(String(await codeOf(storage.putFile("b", link)))).toContain("not a regular file");
  expect(await storage.find("b")).toBeNull();
});

test("a storage whose disk is not mounted any more says so, and makes no folder in its place", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  rmSync(root, { recursive: true });
  expect(await codeOf(storage.put("a/b", Buffer.from("x")))).toBe("storage_unreachable");
  const local = join(folder, "to-move");
  writeFileSync(local, "x");
  expect(await codeOf(storage.putFile("a/b", local))).toBe("storage_unreachable");
  expect([existsSync(root), existsSync(local)]).toEqual([false, true]);
});

test("5 GiB are read in ranges, and in passing, without growing", async () => {
  const root = emptyRoot();
  const storage = openDiskStorage(root);
  const size = 5 * 1024 ** 3;
  await storage.put("sparse", Buffer.from("begin"));
  truncateSync(storage.pathOf("sparse"), size);
  const before = process.memoryUsage.rss();
  const tail = await new Response(await storage.read("sparse", { start: size - 3, end: size - 1 })).bytes();
  expect([...tail]).toEqual([0, 0, 0]);
  let seen = 0;
  for await (const chunk of await storage.read("sparse", { start: size - 256 * 1024 ** 2, end: size - 1 })) {
    seen += chunk.length;
  }
  expect(seen).toBe(256 * 1024 ** 2);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 ** 2);
});

/** A file system of a few MiB of its own; needs root and leave to mount, which CI has. */
const small = join(folder, "small");
mkdirSync(small);
const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small]).exitCode === 0;
afterAll(() => {
  if (mounted) Bun.spawnSync(["umount", small]);
  rmSync(folder, { recursive: true });
});
// oxlint-disable-next-line no-console
if (!mounted) console.warn("NOT TESTED: a full disk and a move between disks; mounting a tmpfs was refused.");

describe.skipIf(!mounted)("a disk of 4 MiB", () => {
  const storage = mounted ? openDiskStorage(small) : openDiskStorage(emptyRoot());

  test("takes in a file of another disk", async () => {
    const local = join(folder, "elsewhere");
    writeFileSync(local, noise(1_000_000));
    await storage.putFile("a/moved", local);
    expect(await bytesOf(storage, "a/moved")).toEqual(noise(1_000_000));
    expect(existsSync(local)).toBe(false);
    expect(incomingOf(small)).toEqual([]);
  });

  test("that is full says so, keeps what it has, and leaves nothing half-written", async () => {
    await storage.put("old", Buffer.from("old"));
    const free = await storage.freeBytes();
    const tooMuch = noise(5_000_000);
    const local = join(folder, "too-much");
    writeFileSync(local, tooMuch);
    expect(await codeOf(storage.put("old", tooMuch))).toBe("storage_full");
    expect(await codeOf(storage.put("new", inPieces(tooMuch, [64_000, 64_000, 3_000_000])))).toBe(
      "storage_full",
    );
    expect(await codeOf(storage.putFile("new", local))).toBe("storage_full");
    expect(await keysOf(storage, "")).toEqual(["a/moved", "old"]);
    expect((await bytesOf(storage, "old")).toString()).toBe("old");
    expect(existsSync(local)).toBe(true);
    expect(incomingOf(small)).toEqual([]);
    expect(await storage.freeBytes()).toBe(free);
  });

  test("has room again once something is deleted", async () => {
    await storage.put("filler", noise(Number(await storage.freeBytes()) - 8192));
    expect(await codeOf(storage.put("more", noise(100_000)))).toBe("storage_full");
    await storage.delete("filler");
    await storage.put("more", noise(100_000));
    expect(await storage.find("more")).toMatchObject({ sizeBytes: 100_000 });
  });

  test("says how much is free", async () => {
    const { bavail, bsize } = statfsSync(small);
    expect(await storage.freeBytes()).toBe(bavail * bsize);
  });

  test("that may only be read says that it can't be used, and still gives what it has", async () => {
    expect(Bun.spawnSync(["mount", "-o", "remount,ro", small]).exitCode).toBe(0);
    const local = join(folder, "refused");
    writeFileSync(local, "x");
    expect(await codeOf(storage.put("b", Buffer.from("x")))).toBe("storage_unreachable");
    expect(await codeOf(storage.putFile("b", local))).toBe("storage_unreachable");
    expect(await codeOf(storage.delete("old"))).toBe("storage_unreachable");
    expect((await bytesOf(storage, "old")).toString()).toBe("old");
    expect(existsSync(local)).toBe(true);
  });
});

/** Names are all that matters here, and links are the quickest to make. */
async function writeFiles(keys: string[]) {
  const empty = join(folder, "empty");
  writeFileSync(empty, "");
  for (const key of keys) {
    mkdirSync(dirname(join(suiteRoot, key)), { recursive: true });
    linkSync(empty, join(suiteRoot, key));
  }
}

function openBelow(root: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(join("/proc/self/fd", fd));
      return path.startsWith(root) ? [path] : [];
    } catch {
      return []; // the one that listed the folder
    }
  });
}
