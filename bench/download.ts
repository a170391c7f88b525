// A 200 MB file from loopback, from paste to READY, beside bare yt-dlp and one ffmpeg for the same four pictures.
// `bun bench/download.ts [megabytes]`
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTools } from "../src/exec/find-tools.ts";
import { toolSettings } from "../tests/fixtures/app.ts";
import { h264AndAac, makeClip } from "../tests/fixtures/media.ts";
import { newDataDir, startServer } from "../tests/fixtures/server.ts";
import type { Server } from "../tests/fixtures/server.ts";
import { until } from "../tests/fixtures/until.ts";
import { compare } from "./ratio.ts";

const megabytes = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), "homereel-bench-download-"));
const data = newDataDir();
const named = { ffmpeg: "", ffprobe: "", yt_dlp: toolSettings().HOMEREEL_TOOLS_YT_DLP ?? "", js_runtime: "" };
const { tools } = findTools(named, { dataDir: data.path });

const clip = await largeClip(megabytes * 1e6);
const site = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(Bun.file(clip)) });
let server: Server | null = null;
try {
  server = await startServer({ dataDir: data.path });
  const shelf = server;
  const { ratio } = await compare(
    `ms from paste to READY, ${(statSync(clip).size / 1e6).toFixed(0)} MB`,
    { name: "homereel", run: () => throughHomereel(shelf) },
    { name: "yt-dlp + ffmpeg", run: byHand },
    { pairs: 7 },
  );
  console.log(`overhead: ${((ratio.median - 1) * 100).toFixed(1)} % (aim: at most 10 %)`);
} finally {
  await server?.stop();
  await site.stop(true);
  data.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function throughHomereel(shelf: Server): Promise<number> {
  const startedAt = performance.now();
  const body = JSON.stringify({ url: `${site.url.origin}/clip.mp4` });
  const { video_id } = await shelf.api<{ video_id: string }>("/api/v1/downloads", { method: "POST", body });
  await until(async () => {
    const { state, error } = await shelf.api<{ state: string; error: unknown }>(`/api/v1/videos/${video_id}`);
    if (state === "FAILED") throw new Error(JSON.stringify(error));
    return state === "READY" ? true : null;
  }, 120_000);
  const took = performance.now() - startedAt;
  await shelf.api(`/api/v1/videos/${video_id}`, { method: "DELETE" });
  return took;
}

/** What a person would type: download with a bare yt-dlp, then all four pictures in one ffmpeg. */
async function byHand(): Promise<number> {
  const startedAt = performance.now();
  const file = join(folder, "clip.mp4");
  await command([
    ...(tools.ytDlp ?? ["yt-dlp"]),
    "--ignore-config",
    "-q",
    "-o",
    file,
    `${site.url.origin}/clip.mp4`,
  ]);
  const seconds = await duration(file);
  const shots = [0.1, 0.5, 0.9].map((part) => String(part * seconds));
  const inputs = [...shots, "0"].flatMap((at) => [
    "-skip_frame",
    "nokey",
    "-noaccurate_seek",
    "-ss",
    at,
    "-i",
    file,
  ]);
  const outputs = ["1", "2", "3", "poster"].flatMap((name, i) => {
    const size = name === "poster" ? "1280:720" : "640:-2";
    return [
      "-map",
      `${i}:v:0`,
      "-frames:v",
      "1",
      "-vf",
      `scale=${size}`,
      "-q:v",
      "4",
      join(folder, `${name}.jpg`),
    ];
  });
  await command([tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...inputs, ...outputs]);
  const took = performance.now() - startedAt;
  rmSync(file);
  return took;
}

async function duration(file: string): Promise<number> {
  const argv = [tools.ffprobe, "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file];
  return Number(await command(argv));
}

async function command(argv: string[]): Promise<string> {
  const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}`);
  return text;
}

/** A real video of about this size: a short one of a high bitrate, put behind itself without encoding again. */
async function largeClip(bytes: number): Promise<string> {
  const short = await makeClip(
    "mp4",
    ...h264AndAac({ seconds: 10, width: 1920, height: 1080, fps: 30 }),
    "-qp",
    "12",
  );
  const times = Math.max(0, Math.round(bytes / statSync(short).size) - 1);
  const path = join(folder, "large.mp4");
  await command([
    tools.ffmpeg,
    "-v",
    "error",
    "-stream_loop",
    String(times),
    "-i",
    short,
    "-c",
    "copy",
    "-movflags",
    "+faststart",
    path,
  ]);
  return path;
}
