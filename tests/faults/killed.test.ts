import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

let site: Site;
beforeAll(async () => void (site = await startSite()));
afterAll(() => site.stop());

let data: ReturnType<typeof newDataDir>;
let server: Server | null;
beforeEach(() => {
  data = newDataDir();
  server = null;
});
afterEach(async () => {
  await server?.stop();
  data.remove();
});

interface Download {
  id: string;
  state: string;
  video_id: string;
  error: unknown;
  progress: { percent: number | null } | null;
}

const paste = (url: string) => {
  const body = JSON.stringify({ url, tags: ["kept"] });
  return server?.api<Download>("/api/v1/downloads", { method: "POST", body }) as Promise<Download>;
};
const download = (id: string) => server?.api<Download>(`/api/v1/downloads/${id}`) as Promise<Download>;

/** After the next start the video becomes READY by itself, whole, and nothing else is left. */
async function expectReadyAfterRestart(id: string): Promise<void> {
  server = await startServer({ dataDir: data.path });
  const done = await until(async () => {
    const now = await download(id);
    return now.state === "done" || now.state === "failed" ? now : null;
  }, 90_000);
  expect(done).toMatchObject({ state: "done", error: null });
  const video = await server.api<{ state: string; sha256: string; tags: string[]; thumbnails: unknown[] }>(
    `/api/v1/videos/${done.video_id}`,
  );
  const source = readFileSync(site.clip);
  expect(video).toMatchObject({
    state: "READY",
    tags: ["kept"],
    sha256: new Bun.CryptoHasher("sha256").update(source).digest("hex"),
  });
  expect(video.thumbnails).toHaveLength(3);
  await until(() => (filesIn("work").length === 0 ? true : null));
  const stored = filesIn("storage").sort();
  const id_ = done.video_id;
  expect(stored).toEqual(
    [
      `thumbnails/${id_}/1.jpg`,
      `thumbnails/${id_}/2.jpg`,
      `thumbnails/${id_}/3.jpg`,
      `thumbnails/${id_}/poster.jpg`,
      `videos/${id_}/original.mp4`,
    ].sort(),
  );
  expect(readFileSync(join(data.path, "storage/videos", id_, "original.mp4")).equals(source)).toBe(true);
  expect(childrenOf(data.path)).toEqual([]);
}

describe("killed with SIGKILL, the server finishes its work after the next start", () => {
  test("in the middle of a download", async () => {
    site.slowBytesPerSecond = 15_000;
    server = await startServer({ dataDir: data.path });
    const { id } = await paste(site.url("/slow.mp4"));
    await until(async () => ((await download(id)).progress?.percent ? true : null));
    const part = join(data.path, "work", id, "original.mp4.part");
    await until(() => (statSync(part, { throwIfNoEntry: false })?.size ? true : null));
    expect(childrenOf(data.path).length).toBeGreaterThan(0);
    await server.kill();
    await until(() => (childrenOf(data.path).length === 0 ? true : null));
    const asked = site.requests.length;
    site.slowBytesPerSecond = 100_000_000;
    await expectReadyAfterRestart(id);
    // What was there of it did not come again.
    const ranges = site.requests.slice(asked).map(({ headers }) => headers.range ?? "");
    expect(ranges.some((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
  });

  // Each of these names a step where the program kills itself.
  test.each([
    ["when the bytes have come but nobody knows", "downloaded"],
    ["while the thumbnails are made", "ingest-making"],
    ["before the move into the storage", "ingest-before-move"],
    ["in the move into the storage", "disk-renamed"],
    ["after the move, before the commit", "ingest-after-move"],
  ])("%s", async (_, step) => {
    server = await startServer({ dataDir: data.path, settings: { HOMEREEL_TEST_FAILPOINT: step } });
    const { id } = await paste(site.url("/video.mp4"));
    await server.exited;
    await until(() => (childrenOf(data.path).length === 0 ? true : null));
    await expectReadyAfterRestart(id);
  });
});

test.each([
  ["before its first file is deleted", "removal-due"],
  ["when its first file was just deleted", "removal-deleted"],
])("killed in a deletion, %s, it deletes all of it and nothing else", async (_, step) => {
  server = await startServer({ dataDir: data.path, settings: { HOMEREEL_TEST_FAILPOINT: step } });
  const bytes = clipOfSize(site.clip, 100_000);
  const staying = await sendUntilReady(bytes);
  const stays = filesIn("storage").sort();
  const going = await sendUntilReady(clipOfSize(site.clip, 100_000));
  expect(filesIn("storage")).toHaveLength(2 * stays.length);
  await server.api(`/api/v1/videos/${going}`, { method: "DELETE" }).catch(() => {});
  await server.exited;
  expect(filesIn("storage").length).toBeGreaterThan(stays.length);
  server = await startServer({ dataDir: data.path });
  await until(() => (filesIn("storage").length === stays.length ? true : null));
  expect(filesIn("storage").sort()).toEqual(stays);
  const kept = readFileSync(join(data.path, "storage/videos", staying, "original.mp4"));
  expect(sha256(kept)).toBe(sha256(bytes));
});

async function sendUntilReady(body: Buffer<ArrayBuffer>): Promise<string> {
  const init = { method: "POST", body, headers: { "content-type": "video/mp4" } };
  const sent = await server?.api<{ id: string }>("/api/v1/videos?filename=clip.mp4", init);
  const id = sent?.id ?? "";
  await until(async () => {
    const now = await server?.api<{ state: string }>(`/api/v1/videos/${id}`);
    return now?.state === "READY" ? true : null;
  });
  return id;
}

test("a graceful stop in mid-download exits with 0, leaves no process, and goes on after the next start", async () => {
  site.slowBytesPerSecond = 15_000;
  server = await startServer({ dataDir: data.path });
  const { id } = await paste(site.url("/slow.mp4"));
  await until(async () => ((await download(id)).progress?.percent ? true : null));
  expect(await server.stop()).toBe(0);
  expect(childrenOf(data.path)).toEqual([]);
  site.slowBytesPerSecond = 100_000_000;
  await expectReadyAfterRestart(id);
});

test("a second server on the same data folder exits with 1 and says why", async () => {
  server = await startServer({ dataDir: data.path });
  const second = startServer({ dataDir: data.path });
  expect(second).rejects.toThrow("Another Homereel is using the data folder");
  await second.catch(() => {});
});

function filesIn(room: string): string[] {
  const folder = join(data.path, room);
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Command lines of the processes whose home is in the data folder: the programs that jobs started. */
function childrenOf(dataDir: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${dataDir}`)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    });
}
