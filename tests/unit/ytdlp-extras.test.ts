import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Egress, openEgress } from "../../src/egress/egress.ts";
import { findTools } from "../../src/exec/find-tools.ts";
import { fetchVideo, probeVideo } from "../../src/exec/ytdlp.ts";
import { optionsSchema } from "../../src/lib/download-options.ts";
import { type Site, startSite } from "../fixtures/site.ts";

setDefaultTimeout(90_000);

const root = mkdtempSync(join(tmpdir(), "homereel-extras-"));
const settings = { ffmpeg: "", ffprobe: "", yt_dlp: process.env.HOMEREEL_TOOLS_YT_DLP ?? "", js_runtime: "" };
const { tools } = findTools(settings, { dataDir: root });
let site: Site;
let egress: Egress;

beforeAll(async () => {
  site = await startSite();
  egress = openEgress({ allowNetworks: ["127.0.0.1"], log: { warn() {} } });
});
afterAll(async () => {
  await egress.close();
  await site.stop();
  rmSync(root, { recursive: true, force: true });
});

describe("under the limits that each step's ffmpeg has", () => {
  // SponsorBlock knows YouTube only; what it cuts goes through the step that cuts chapters.
  test("what is marked is cut at keyframes, and the chapters move along", async () => {
    const options = { embed: ["chapters"] };
    const { path, log } = await fetch("/described", options, "--remove-chapters", "Advert");
    const { format, chapters, streams } = await probe(path);
    expect(log).toEqual([]);
    expect(Number(format.duration)).toBeGreaterThan(7.5);
    expect(Number(format.duration)).toBeLessThan(8.5);
    expect(chapters.map(({ tags, end_time }) => `${tags.title} ${Math.round(Number(end_time))}`)).toEqual([
      "First 4",
      "Last 8",
    ]);
    expect(streams[0]?.codec_name).toBe("h264");
  });

  // The program as its makers pack it has no mutagen, and leaves this to ffmpeg.
  test.each(["everywhere", "m4a", "mp3"])("a picture is put into %s by ffmpeg alone", async (preset) => {
    const options = { preset, embed: ["thumbnail"] };
    const { path, log } = await fetch(
      "/described",
      options,
      "--compat-options",
      "embed-thumbnail-atomicparsley",
    );
    const { streams } = await probe(path);
    expect(log).toEqual([]);
    expect(streams.filter(({ disposition }) => disposition?.attached_pic === 1)).toHaveLength(1);
  });
});

describe("what a probe tells beforehand", () => {
  test("the languages, and what each preset brings", async () => {
    const info = await probeVideo(programs(), {
      url: new URL(site.url("/qualities.m3u8")),
      folder: folder(),
    });
    expect(info.subtitles).toEqual(["en", "de"]);
    expect(info.choices.map(({ preset, height, container }) => `${preset} ${height} ${container}`)).toEqual([
      "everywhere 360 mp4",
      "best 360 mp4",
      "360p 360 mp4",
      "m4a null m4a",
      "mp3 null mp3",
      "opus null m4a",
    ]);
  });

  // What comes of each of them, whole downloads show: tests/http/formats.test.ts.
  test("what a large site's qualities come to", async () => {
    const info = await probeVideo(programs(), { url: new URL(site.url("/qualities.mpd")), folder: folder() });
    expect(info.choices.map(({ preset, height, container }) => `${preset} ${height} ${container}`)).toEqual([
      "everywhere 1080 mp4",
      "best 2160 webm",
      "2160p 2160 mkv",
      "1440p 1440 mkv",
      "1080p 1080 mp4",
      "720p 720 mp4",
      "480p 480 mp4",
      "360p 360 mp4",
      "m4a null m4a",
      "mp3 null mp3",
      "opus null opus",
    ]);
  });

  test("of a clip its own length", async () => {
    const asked = { url: new URL(site.url("/described")), folder: folder() };
    const options = optionsSchema.parse({ clip_from: 5, clip_to: 60 });
    expect((await probeVideo(programs(), { ...asked, options })).durationSeconds).toBe(7);
  });
});

async function fetch(path: string, chosen: object, ...more: string[]) {
  const log: string[] = [];
  const { file } = await fetchVideo(programs(more), {
    url: new URL(site.url(path)),
    folder: folder(),
    options: optionsSchema.parse(chosen),
    onLogLine: (line) => void (/Falling back on generic/.test(line) || log.push(line)),
  });
  return { path: file?.path ?? "", log };
}

function programs(more: string[] = []) {
  const ytDlp = [...(tools.ytDlp ?? []), "--use-extractors", "html5,generic", ...more];
  return { tools: { ...tools, ytDlp }, egress };
}

function folder(): string {
  return mkdtempSync(join(root, "job-"));
}

async function probe(path: string): Promise<Probed> {
  const shown = ["-show_format", "-show_streams", "-show_chapters", "-of", "json"];
  const child = Bun.spawn([tools.ffprobe, "-v", "error", ...shown, path]);
  return new Response(child.stdout).json() as Promise<Probed>;
}

interface Probed {
  format: { duration: string };
  streams: { codec_name: string; disposition?: { attached_pic?: number } }[];
  chapters: { end_time: string; tags: { title: string } }[];
}
