// What was expected of downloads beside what they took: sites of several speeds, files of several sizes.
// `bun bench/routing.ts [downloads per site]`
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeDatabase, openDatabase } from "../src/db/open.ts";
import type { Download } from "../src/db/schema.ts";
import { h264AndAac, makeClip } from "../tests/fixtures/media.ts";
import { newDataDir, startServer } from "../tests/fixtures/server.ts";
import type { Server } from "../tests/fixtures/server.ts";
import { until } from "../tests/fixtures/until.ts";
import { spread } from "./ratio.ts";

const each = Number(process.argv[2] ?? 8);
const goal = 0.25;
/** Bytes per second; every one is a site of its own, on an address of its own. */
const speeds = [1_000_000, 4_000_000, 15_000_000, Number.POSITIVE_INFINITY];
const sizes = [1, 12, 3, 25, 6, 40, 2, 18].map((megabytes) => megabytes * 1_000_000);

const folder = mkdtempSync(join(tmpdir(), "homereel-bench-routing-"));
const data = newDataDir();
const clip = await makeClip("mp4", ...h264AndAac({ seconds: 2, width: 320, height: 180, fps: 15 }));
const files = new Map(sizes.map((bytes) => [bytes, fileOf(bytes)]));
const sites = speeds.map((speed, i) => ({ speed, server: serve(`127.0.0.${i + 2}`, speed) }));
let server: Server | null = null;
try {
  server = await startServer({
    dataDir: data.path,
    settings: { HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.0/8" },
  });
  const errors: { first: boolean; error: number }[] = [];
  for (const { speed, server: site } of sites) {
    for (let i = 0; i < each; i++) {
      // What takes more than half a minute says nothing that less does not.
      const bytes = Math.min(sizes[i % sizes.length] ?? 0, speed * 30);
      const path = [...files.keys()].filter((one) => one <= bytes).toSorted((a, b) => b - a)[0] ?? 0;
      const { estimatedSeconds, fetchMs } = await download(server, `${site.url.origin}/${path}?${i}.mp4`);
      const took = (fetchMs ?? 0) / 1000;
      const error = Math.abs((estimatedSeconds ?? 0) - took) / took;
      errors.push({ first: i === 0, error });
      console.log(
        `${describe(speed).padEnd(12)} ${String(path / 1e6).padStart(3)} MB: expected ${(estimatedSeconds ?? 0).toFixed(1)} s, took ${took.toFixed(1)} s, ${percent(error)} off`,
      );
    }
  }
  const all = spread(errors.map(({ error }) => error)).median;
  const later = spread(errors.filter(({ first }) => !first).map(({ error }) => error)).median;
  const first = spread(errors.filter((one) => one.first).map(({ error }) => error)).median;
  console.log(
    `\nmedian error: ${percent(all)} (goal: under ${percent(goal)}) ${all < goal ? "met" : "MISSED"}`,
  );
  console.log(
    `of sites that were known: ${percent(later)}; of the first download from each: ${percent(first)}`,
  );
} finally {
  await server?.stop();
  await Promise.all(sites.map((site) => site.server.stop(true)));
  data.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function download(shelf: Server, url: string): Promise<Download> {
  const started = await shelf.api<{ id: string; video_id: string }>("/api/v1/downloads", {
    method: "POST",
    body: JSON.stringify({ url }),
  });
  await until(async () => {
    const { state, error } = await shelf.api<{ state: string; error: unknown }>(
      `/api/v1/videos/${started.video_id}`,
    );
    if (state === "FAILED") throw new Error(JSON.stringify(error));
    return state === "READY" ? true : null;
  }, 120_000);
  const db = openDatabase(data.path);
  const row = db.query.downloads.findFirst({ where: (one, { eq }) => eq(one.id, started.id) }).sync();
  closeDatabase(db);
  if (!row) throw new Error("the download is gone");
  return row;
}

/** A real video, with as much padding behind it as the size wants: a `free` box (ISO 14496-12 §8.1.2). */
function fileOf(bytes: number): string {
  const path = join(folder, `${bytes}.mp4`);
  copyFileSync(clip, path);
  const padding = bytes - Bun.file(path).size;
  const box = Buffer.alloc(padding);
  box.writeUInt32BE(padding, 0);
  box.write("free", 4, "latin1");
  appendFileSync(path, box);
  return path;
}

/** Sends at this speed, in pieces of a twentieth of a second. */
function serve(hostname: string, bytesPerSecond: number) {
  return Bun.serve({
    hostname,
    port: 0,
    fetch(request) {
      const file = Bun.file(files.get(Number(new URL(request.url).pathname.slice(1))) ?? "");
      const headers = { "content-type": "video/mp4", "content-length": String(file.size) };
      if (request.method === "HEAD") return new Response(null, { headers });
      if (!Number.isFinite(bytesPerSecond)) return new Response(file, { headers });
      return new Response(slowly(file, bytesPerSecond / 20), { headers });
    },
  });
}

function slowly(file: Bun.BunFile, piece: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at >= file.size) return controller.close();
      await Bun.sleep(50);
      controller.enqueue(await file.slice(at, at + piece).bytes());
      at += piece;
    },
  });
}

function describe(speed: number): string {
  return Number.isFinite(speed) ? `${speed / 1e6} MB/s` : "no limit";
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
