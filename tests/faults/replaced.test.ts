import { afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mp4Clip } from "../fixtures/media.ts";
import { filesIn } from "../fixtures/replacement.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { until } from "../fixtures/until.ts";
import { sha256, tusRoot } from "../fixtures/uploads.ts";

setDefaultTimeout(120_000);

let old: Buffer<ArrayBuffer>;
let better: Buffer<ArrayBuffer>;
beforeAll(async () => {
  old = readFileSync(await mp4Clip({ seconds: 2 }));
  better = readFileSync(await mp4Clip({ seconds: 4, width: 640, height: 360 }));
});

let data: ReturnType<typeof newDataDir>;
let server: Server;
beforeEach(() => void (data = newDataDir()));
afterEach(async () => {
  await server.stop();
  data.remove();
});

interface VideoJson {
  id: string;
  state: string;
  sha256: string;
  title: string;
  tags: string[];
  thumbnails: unknown[];
  replacing_since: string | null;
  replace_error: string | null;
}

const video = (id: string) => server.api<VideoJson>(`/api/v1/videos/${id}`);

async function start(settings: Record<string, string> = {}): Promise<void> {
  server = await startServer({ dataDir: data.path, settings });
}

/** In one request of tus; the server may die with the answer. */
async function send(bytes: Buffer<ArrayBuffer>, said: Record<string, string>): Promise<void> {
  const metadata = Object.entries(said).map(
    ([name, value]) => `${name} ${Buffer.from(value).toString("base64")}`,
  );
  const headers = {
    "tus-resumable": "1.0.0",
    "upload-length": String(bytes.length),
    "upload-metadata": metadata.join(","),
    "content-type": "application/offset+octet-stream",
  };
  await server.api(tusRoot, { method: "POST", headers, body: bytes }).catch(() => {});
}

async function addOld(): Promise<string> {
  await start();
  await send(old, { filename: "Garden.mp4", tags: "kept" });
  const { items } = await server.api<{ items: VideoJson[] }>("/api/v1/videos");
  const id = items[0]?.id ?? "";
  await until(async () => ((await video(id)).state === "READY" ? true : null));
  await server.stop();
  return id;
}

describe("killed with SIGKILL while a file is replaced, the server finishes that after the next start", () => {
  // Each of these names a step where the program kills itself.
  test.each([
    ["when the file was judged, but nobody knows", "upload-admitted"],
    ["while the thumbnails are made", "ingest-making"],
    ["before the move into the storage", "ingest-before-move"],
    ["in the move into the storage", "disk-renamed"],
    ["after the move, before the commit", "ingest-after-move"],
    ["after the commit, before the old bytes are gone", "replace-committed"],
  ])("%s", async (_, step) => {
    const id = await addOld();
    await start({ HOMEREEL_TEST_FAILPOINT: step });
    await send(better, { filename: "Better.mp4", replaces: id });
    await server.exited;
    // One of the two is there in whole.
    const originals = filesIn(data.path, "storage").filter((file) => file.includes("/original"));
    const stored = originals.map((file) => sha256(readFileSync(join(data.path, "storage", file))));
    expect(stored).toContain(step === "replace-committed" ? sha256(better) : sha256(old));

    await start();
    const done = await until(async () => {
      const now = await video(id);
      return now.sha256 === sha256(better) ? now : null;
    }, 60_000);
    expect(done).toMatchObject({
      state: "READY",
      title: "Garden",
      tags: ["kept"],
      replacing_since: null,
      replace_error: null,
    });
    expect(done.thumbnails).toHaveLength(3);
    await until(() => (filesIn(data.path, "work").length === 0 ? true : null));
    await until(() => (filesIn(data.path, "storage").length === 5 ? true : null));
    const original = filesIn(data.path, "storage").find((file) => file.includes("/original")) ?? "";
    expect(readFileSync(join(data.path, "storage", original)).equals(better)).toBe(true);
  });
});
