import type { Browser } from "playwright-core";
import type { User } from "../../src/features/accounts/accounts.ts";
import { addImage } from "../../src/features/images/images.ts";
import { sendingPicture } from "../../tests/fixtures/cast.ts";
import type { Shelf } from "../../tests/fixtures/shelf.ts";
import { aurora, ink, meadow, mountains, sea, town } from "./scenes.ts";

/** Oldest first. */
const pictures = [
  { filename: "IMG_2041.jpg", width: 1920, height: 1080, scene: meadow() },
  { filename: "town-by-night.png", width: 1600, height: 1080, scene: town() },
  {
    filename: "ridge before sunrise.jpg",
    width: 1080,
    height: 1080,
    scene: mountains({ sky: ["#35507c", "#f6b98a"], near: "#1c2430", far: "#c98d83", seed: 3 }),
  },
  {
    filename: "pour-3.webp",
    width: 820,
    height: 1080,
    scene: ink(["#e4572e", "#f3a712", "#2e86ab", "#1b2a49"], 5, "#f5efe6"),
  },
  { filename: "aurora.jpg", width: 1920, height: 1080, scene: aurora() },
  {
    filename: "the-last-ferry-home-seen-from-the-harbour-wall.jpg",
    width: 1920,
    height: 800,
    scene: sea(["#f0a25c", "#ffd9a0"], ["#c86f52", "#3a2a4a"], "#fff1cf"),
  },
];

/** Pictures of one's own, as they gather, and a drawing that is only kept. */
export async function fillPictures({ app }: Shelf, owner: User, browser: Browser): Promise<void> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>`;
  await addImage(app.deps, owner, sendingPicture("logo.svg", svg));
  const page = await browser.newPage();
  for (const { filename, width, height, scene } of pictures) {
    await page.setViewportSize({ width, height });
    await page.setContent(`<style>body{margin:0}</style>${scene}`);
    await addImage(app.deps, owner, sendingPicture(filename, await page.screenshot()));
  }
  await page.close();
}
