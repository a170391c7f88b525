// Probe, three thumbnails and a poster of ten minutes of 1080p, beside the fastest ffmpeg commands that we could
// write by hand. Run: bun bench/thumbs.ts [pairs]. The file is made once, in the system's temporary folder.
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probe } from "../src/exec/ffprobe.ts";
import { takePictures } from "../src/exec/thumbnails.ts";
import type { Tools } from "../src/exec/tools.ts";
import { compare, type Side } from "./ratio.ts";

const pairs = Number(process.argv[2] ?? 9);
const tools: Tools = { ffmpeg: "ffmpeg", ffprobe: "ffprobe", ytDlp: null, jsRuntime: null };
const file = await tenMinutes();
const folder = mkdtempSync(join(tmpdir(), "homereel-bench-"));

const ours: Side = {
  name: "ours",
  run: async () => {
    const { missing } = await takePictures({ tools }, file, await probe({ tools }, file), folder);
    if (missing !== null) throw new Error(missing);
  },
};

/** The poster needs no duration, so by hand it can be taken while ffprobe is still reading. */
const overlapped: Side = {
  name: "ffprobe & poster, 3 ffmpeg in parallel",
  run: async () => {
    const poster = ffmpeg([0]);
    const seconds = await duration();
    await Promise.all([poster, ...[0.1, 0.5, 0.9].map((share) => ffmpeg([seconds * share]))]);
  },
};

const oneEach: Side = {
  name: "ffprobe, 4 ffmpeg in parallel",
  run: async () => {
    const seconds = await duration();
    await Promise.all([0, 0.1, 0.5, 0.9].map((share) => ffmpeg([seconds * share])));
  },
};

const twoEach: Side = {
  name: "ffprobe, 2 ffmpeg with 2 inputs",
  run: async () => {
    const seconds = await duration();
    await Promise.all([ffmpeg([0, seconds * 0.5]), ffmpeg([seconds * 0.1, seconds * 0.9])]);
  },
};

for (const anchor of [overlapped, oneEach, twoEach]) {
  await compare("10 minutes of 1080p: probe, 3 thumbnails, poster", ours, anchor, { pairs });
}
rmSync(folder, { recursive: true });

async function duration(): Promise<number> {
  const shown = ["-show_format", "-show_streams", "-of", "json"];
  const { format } = JSON.parse(await command(["ffprobe", "-v", "error", ...shown, file]));
  return Number(format.duration);
}

function ffmpeg(times: number[]): Promise<string> {
  const seek = ["-skip_frame", "nokey", "-noaccurate_seek", "-threads", "1", "-an", "-t", "0.001"];
  const inputs = times.flatMap((time) => [...seek, "-ss", String(time), "-i", file]);
  const outputs = times.flatMap((time, i) => {
    const filter = time === 0 ? "scale=1280:720" : "scale=640:-2";
    const output = join(folder, `by-hand-${Math.round(time)}.jpg`);
    return ["-map", `${i}:v:0`, "-vf", filter, "-frames:v", "1", "-threads", "1", "-q:v", "3", output];
  });
  return command(["ffmpeg", "-nostdin", "-v", "error", "-y", ...inputs, ...outputs]);
}

async function command(argv: string[]): Promise<string> {
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(argv.join(" "));
  return text;
}

/** Ten seconds, encoded once and repeated by copying. */
async function tenMinutes(): Promise<string> {
  const path = join(tmpdir(), "homereel-bench-10min-1080p.mp4");
  if (existsSync(path)) return path;
  const part = `${path}.part.mp4`;
  const whole = `${path}.whole.mp4`;
  const bars = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30,noise=alls=6:allf=t"];
  const tone = ["-f", "lavfi", "-i", "sine=440:r=48000"];
  const codecs = ["-c:v", "libx264", "-preset", "fast", "-b:v", "5M", "-maxrate", "6M", "-bufsize", "10M"];
  const quiet = ["ffmpeg", "-nostdin", "-v", "error", "-y"];
  const audio = ["-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k"];
  await command([...quiet, ...bars, ...tone, "-t", "10", ...codecs, ...audio, part]);
  await command([...quiet, "-stream_loop", "59", "-i", part, "-c", "copy", "-movflags", "+faststart", whole]);
  rmSync(part);
  renameSync(whole, path);
  return path;
}
