import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { uploadMemory } from "../../src/cli/upload-memory.ts";
import { barOf, plainLinesOf } from "../../src/cli/upload-progress.ts";
import { nextPieceBytes } from "../../src/cli/upload-send.ts";
import { newDataDir } from "../fixtures/server.ts";

const file = { path: "/films/a.mp4", name: "a\u001b[31m.mp4", sizeBytes: 4_000_000, modified: 12.5 };

let home: ReturnType<typeof newDataDir>;
beforeAll(() => {
  home = newDataDir();
  mkdirSync(join(home.path, "homereel"));
});
afterAll(() => home.remove());

describe("what is remembered of an unfinished upload", () => {
  test("belongs to the server and to the file as it was", () => {
    const env = { XDG_CONFIG_HOME: home.path };
    const memory = uploadMemory(env, "https://a.example");
    memory.keep(file, "u1");
    expect(memory.find(file)).toBe("u1");
    expect(memory.find({ ...file, modified: 13 })).toBeNull();
    expect(memory.find({ ...file, sizeBytes: 5 })).toBeNull();
    expect(uploadMemory(env, "https://b.example").find(file)).toBeNull();
    expect(statSync(join(home.path, "homereel/uploads.json")).mode & 0o777).toBe(0o600);
    memory.forget(file);
    expect(memory.find(file)).toBeNull();
  });

  test("is nothing where the file is not what was written", async () => {
    const memory = uploadMemory({ XDG_CONFIG_HOME: home.path }, "https://a.example");
    await Bun.write(join(home.path, "homereel/uploads.json"), "[1, 2");
    expect(memory.find(file)).toBeNull();
    memory.keep(file, "u2");
    expect(memory.find(file)).toBe("u2");
  });
});

test("pieces are made to take about a second", () => {
  expect(nextPieceBytes(1_000_000, 100)).toBe(2_000_000);
  expect(nextPieceBytes(8_000_000, 100)).toBe(8_000_000);
  expect(nextPieceBytes(1_000_000, 1000)).toBe(1_000_000);
  expect(nextPieceBytes(1_000_000, 9000)).toBe(500_000);
  expect(nextPieceBytes(250_000, 9000)).toBe(250_000);
});

describe("progress", () => {
  const drawn: string[] = [];
  const out = { write: (text: string) => drawn.push(text), columns: 80 };

  test("is one line at a terminal, with the speed of this run", () => {
    let at = 0;
    const view = barOf(out, () => at);
    view.show(file, 1_000_000);
    at = 1000;
    view.show(file, 2_000_000);
    expect(drawn.filter((text) => text !== "\r\u001b[K")).toEqual([
      "██████░░░░░░░░░░░░░░░░░░  25 %  a[31m.mp4",
      "████████████░░░░░░░░░░░░  50 %  1 MB/s  0:02 left  a[31m.mp4",
    ]);
  });

  test("is a line for each quarter in a log", () => {
    drawn.length = 0;
    const view = plainLinesOf(out);
    for (let bytes = 0; bytes <= 4_000_000; bytes += 400_000) view.show(file, bytes);
    expect(drawn.map((text) => text.trim())).toEqual([
      "Sending a[31m.mp4: 0 B of 4 MB",
      "Sending a[31m.mp4: 1.2 MB of 4 MB",
      "Sending a[31m.mp4: 2 MB of 4 MB",
      "Sending a[31m.mp4: 3.2 MB of 4 MB",
      "Sending a[31m.mp4: 4 MB of 4 MB",
    ]);
  });
});
