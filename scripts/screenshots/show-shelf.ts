import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { User } from "../../src/features/accounts/accounts.ts";
import { makeClip } from "../../tests/fixtures/media.ts";
import { addFailed, addReady, addRunning } from "../../tests/fixtures/shelf.ts";
import type { Shelf, VideoFacts } from "../../tests/fixtures/shelf.ts";
import { aurora, ink, meadow, mountains, sea, town } from "./scenes.ts";

const hour = 3_600_000;
const day = 24 * hour;

interface ShowVideo extends VideoFacts {
  /** An SVG of 1920×1080, or a source of ffmpeg's. */
  scene: string;
  seconds: number;
}

const lavfi = (source: string) => `lavfi:${source}`;

/** Oldest first. */
const videos: ShowVideo[] = [
  {
    title: "Zooming into the seahorse valley",
    scene: lavfi("mandelbrot=size=1920x1080:start_x=-0.7463:start_y=0.1102:start_scale=0.008:maxiter=900"),
    seconds: 318,
    site: "fractals.example",
    tags: ["maths"],
    ageMs: 41 * day,
  },
  {
    title: "Garden notes, week 24",
    scene: meadow(),
    seconds: 261,
    site: "garden.example",
    tags: ["garden"],
    ageMs: 23 * day,
  },
  {
    title: "Crossing the fells in the fog",
    scene: mountains({ sky: ["#c9d6dc", "#eef1ee"], near: "#2f4a4f", far: "#c3d1d3", seed: 11 }),
    seconds: 507,
    site: "trails.example",
    tags: ["hiking", "travel"],
    ageMs: 16 * day,
  },
  {
    title: "Acrylic pour: warm over cold",
    scene: ink(["#e4572e", "#f3a712", "#2e86ab", "#1b2a49"], 5, "#f5efe6"),
    seconds: 139,
    site: "studio.example",
    tags: ["painting"],
    ageMs: 12 * day,
  },
  {
    title: "A city falls asleep: six hours in a minute",
    scene: town(),
    seconds: 62,
    site: "timelapse.example",
    tags: ["timelapse"],
    ageMs: 9 * day,
  },
  {
    title: "Under the stars at 2,400 metres",
    scene: mountains({
      sky: ["#0b1030", "#46407a"],
      near: "#080a18",
      far: "#3b3a6b",
      sun: { x: 420, y: 220, r: 52, colour: "#f4efe0" },
      seed: 29,
      stars: 160,
    }),
    seconds: 760,
    site: "trails.example",
    tags: ["hiking"],
    ageMs: 6 * day,
    visibility: "private",
  },
  {
    title: "The last ferry home",
    scene: sea(["#f0a25c", "#ffd9a0"], ["#c86f52", "#3a2a4a"], "#fff1cf"),
    seconds: 5,
    site: "harbour.example",
    tags: ["sea"],
    ageMs: 3 * day,
  },
  {
    title: "Northern lights over the fjord",
    scene: aurora(),
    seconds: 228,
    site: "timelapse.example",
    tags: ["timelapse", "travel"],
    ageMs: 26 * hour,
  },
];

const latest: ShowVideo = {
  title: "First light on the ridge",
  description:
    "We left the hut at three in the morning and had the summit to ourselves.\n\nFilmed from the saddle with a telephoto lens; the sound is only wind.",
  scene: mountains({
    sky: ["#35507c", "#f6b98a"],
    near: "#1c2430",
    far: "#c98d83",
    sun: { x: 1280, y: 430, r: 64, colour: "#fff0cf" },
    seed: 3,
  }),
  seconds: 400,
  site: "trails.example",
  tags: ["hiking", "sunrise", "travel"],
  ageMs: 2 * hour,
};

/** Fills a shelf as it looks after some weeks. Returns the id of the video to show. */
export async function fillShelf(shelf: Shelf, owner: User, browser: Browser): Promise<string> {
  const { app } = shelf;
  const paint = await painter(browser);
  const ready = async ({ scene, seconds, ...facts }: ShowVideo) =>
    addReady(app, owner, await paint.clip(scene, seconds), facts);
  for (const [i, video] of videos.entries()) {
    if (i === 3)
      addFailed(app, owner, { title: "Open lecture: how lenses bend light", site: "lectures.example" });
    await ready(video);
  }
  addRunning(app, owner, { title: "Coast path in one take", site: "trails.example" }, 64);
  const shown = await ready(latest);
  await paint.close();
  return shown;
}

/** Makes films of one picture, which is enough to be looked at. */
async function painter(browser: Browser) {
  const folder = mkdtempSync(join(tmpdir(), "homereel-scenes-"));
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  const draw = async (svg: string) => {
    await page.setContent(`<style>body{margin:0}</style>${svg}`);
    const path = join(folder, `${Bun.hash(svg)}.png`);
    await page.screenshot({ path });
    return ["-loop", "1", "-framerate", "1", "-i", path];
  };
  return {
    async clip(scene: string, seconds: number): Promise<string> {
      const source = scene.startsWith("lavfi:")
        ? ["-f", "lavfi", "-i", `${scene.slice("lavfi:".length)},loop=-1:1,fps=1`]
        : await draw(scene);
      const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10"];
      return makeClip("mp4", ...source, "-t", String(seconds), ...codec, "-movflags", "+faststart");
    },
    async close() {
      await page.close();
      rmSync(folder, { recursive: true });
    },
  };
}
