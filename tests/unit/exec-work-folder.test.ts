import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  dropWorkFolder,
  folderSize,
  keepWorkFolder,
  removeWorkFolder,
  sweepWorkFolders,
  withWorkFolder,
} from "../../src/exec/work-folder.ts";

const base = mkdtempSync(join(tmpdir(), "homereel-folders-"));
let root: string;
beforeEach(() => void (root = join(mkdtempSync(join(base, "t")), "work")));
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe("a folder for one job", () => {
  test("is empty, ours alone, and gone afterwards", async () => {
    const folder = await withWorkFolder(root, "probe", async (own) => {
      expect(readdirSync(own)).toEqual([]);
      expect(statSync(own).mode & 0o777).toBe(0o700);
      writeFileSync(join(own, "x"), "x");
      return own;
    });
    expect(folder.startsWith(root)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  test("is gone also when the work fails, and the failure is kept", async () => {
    const work = withWorkFolder(root, "probe", async (own) => {
      mkdirSync(join(own, "a/b"), { recursive: true });
      throw new Error("no luck");
    });
    await expect(work).rejects.toThrow("no luck");
    expect(readdirSync(root)).toEqual([]);
  });

  test("two of the same name don't meet", async () => {
    await withWorkFolder(root, "same", (one) =>
      withWorkFolder(root, "same", async (two) => expect(two).not.toBe(one)),
    );
  });

  test("that can't be removed ends nothing where nobody waits for it", async () => {
    writeFileSync(root, "no folder");
    await expect(removeWorkFolder(root, "probe")).rejects.toThrow();
    dropWorkFolder(root, "probe");
    await Bun.sleep(50);
  });

  test("a name can't lead out of the root", async () => {
    for (const name of ["../x", "a/b", "", ".."]) {
      await expect(withWorkFolder(root, name, async () => {})).rejects.toThrow("not a name");
      await expect(removeWorkFolder(root, name)).rejects.toThrow("not a name");
    }
  });
});

test("a kept folder stays with its content until it is removed", async () => {
  const folder = await keepWorkFolder(root, "d1");
  writeFileSync(join(folder, "original.mp4.part"), "half");
  expect(await keepWorkFolder(root, "d1")).toBe(folder);
  expect(readdirSync(folder)).toEqual(["original.mp4.part"]);
  await removeWorkFolder(root, "d1");
  await removeWorkFolder(root, "d1");
  expect(existsSync(folder)).toBe(false);
});

test("the sweep at boot leaves only what is to be resumed", async () => {
  expect(await sweepWorkFolders(root, new Set())).toEqual([]);
  await keepWorkFolder(root, "resumed");
  await keepWorkFolder(root, "forgotten");
  mkdirSync(join(root, "probe-Xy12ab/deep"), { recursive: true });
  expect((await sweepWorkFolders(root, new Set(["resumed"]))).toSorted()).toEqual([
    "forgotten",
    "probe-Xy12ab",
  ]);
  expect(readdirSync(root)).toEqual(["resumed"]);
});

test("the size of a folder counts files at any depth", async () => {
  const folder = await keepWorkFolder(root, "d1");
  expect(await folderSize(folder)).toBe(0);
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "a"), "12345");
  writeFileSync(join(folder, "sub/b"), "123");
  expect(await folderSize(folder)).toBe(8);
});
