import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

let site: Site;
let data: ReturnType<typeof newDataDir>;
let server: Server;
beforeAll(async () => void (site = await startSite()));
afterAll(() => site.stop());
beforeEach(async () => {
  data = newDataDir();
  server = await startServer({ dataDir: data.path });
  site.slowBytesPerSecond = 15_000;
});
afterEach(async () => {
  await server.stop();
  data.remove();
});

interface Download {
  id: string;
  state: string;
  paused: boolean;
  waits_for: string;
  progress: { bytes_done: number | null } | null;
}

const post = (path: string, body: unknown = {}) =>
  server.api<Download>(`/api/v1/downloads${path}`, { method: "POST", body: JSON.stringify(body) });
const look = (id: string) => server.api<Download>(`/api/v1/downloads/${id}`);
const isUnderWay = (id: string) => until(async () => ((await look(id)).progress?.bytes_done ? true : null));
const waits = (id: string) =>
  until(async () => {
    const download = await look(id);
    return download.state === "waiting" ? download : null;
  });
const partSize = (id: string): number => {
  const folder = join(data.path, "work", id);
  const part = readdirSync(folder).find((name) => name.endsWith(".part")) ?? "no partial file";
  return statSync(join(folder, part)).size;
};
const killAndStart = async () => {
  await server.kill();
  server = await startServer({ dataDir: data.path });
};
/** Nothing was asked for again that is there. */
const goesOnFrom = async (id: string, size: number, since: number) => {
  site.slowBytesPerSecond = 100_000_000;
  await until(async () => ((await look(id)).state === "done" ? true : null), 60_000);
  const starts = site.requests.slice(since).map(({ headers }) => {
    return Number(/^bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
  });
  expect(starts.some((start) => start >= size)).toBe(true);
};

test("what is paused stays paused when the power fails, and then goes on with its part of the file", async () => {
  const { id } = await post("", { url: site.url("/slow.mp4") });
  await isUnderWay(id);
  await post(`/${id}/pause`);
  await waits(id);
  const size = partSize(id);
  expect(size).toBeGreaterThan(0);

  await killAndStart();
  const since = site.requests.length;
  const other = await post("", { url: site.url("/video.mp4") });
  await until(async () => ((await look(other.id)).state === "done" ? true : null));
  expect(await look(id)).toMatchObject({ state: "waiting", paused: true, waits_for: "Paused" });
  expect(partSize(id)).toBe(size);
  await post(`/${id}/resume`);
  await goesOnFrom(id, size, since);
});

test("what ran when the power failed, and was paused as a whole, waits until the queue is opened", async () => {
  const { id } = await post("", { url: site.url("/slow.mp4") });
  await isUnderWay(id);
  // In the very moment: it is still running when the server dies.
  void server.api("/api/v1/downloads/pause-all", { method: "POST" }).catch(() => {});
  await until(async () => {
    const page = await server.api<{ items: Download[] }>("/api/v1/downloads");
    return page.items[0]?.waits_for === "All downloads are paused" || page.items[0]?.state !== "fetching"
      ? true
      : null;
  });
  await killAndStart();
  expect(await look(id)).toMatchObject({ state: "waiting", waits_for: "All downloads are paused" });
  const size = partSize(id);
  const since = site.requests.length;
  await server.api("/api/v1/downloads/resume-all", { method: "POST" });
  await goesOnFrom(id, size, since);
});
