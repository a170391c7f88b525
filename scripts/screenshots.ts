// Takes the pictures of `docs/screenshots` from a real server: `bun scripts/screenshots.ts [page…]`.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { paths } from "../src/paths.ts";
import { openBrowser, visit } from "../tests/fixtures/browser.ts";
import type { Size } from "../tests/fixtures/browser.ts";
import { openShelf } from "../tests/fixtures/shelf.ts";
import { fillShelf } from "./screenshots/show-shelf.ts";

const folder = join(import.meta.dir, "../docs/screenshots");
const wanted = process.argv.slice(2);
const sizes: Size[] = ["desktop", "phone"];

const browser = await openBrowser({ args: ["--force-color-profile=srgb", "--hide-scrollbars"] });
const [empty, shelf] = [openShelf(), openShelf()];
try {
  await takeDoors();
  await takeRooms();
} finally {
  await Promise.all([empty.close(), shelf.close()]);
  await browser.close();
}

/** What people see who are not logged in. */
async function takeDoors(): Promise<void> {
  const token = empty.app.deps.setupToken.issue(Date.now());
  for (const size of sizes) {
    const guest = await visit(browser, empty.origin, size);
    await take(guest.page, "setup", size, paths.setup(token));
    await guest.close();
  }
}

async function takeRooms(): Promise<void> {
  const ada = await shelf.addUser("Ada", "admin");
  for (const size of sizes) {
    const guest = await visit(browser, shelf.origin, size);
    await take(guest.page, "login", size, paths.login());
    await guest.close();
  }
  const shown = await fillShelf(shelf, ada, browser);
  for (const size of sizes) {
    const { page, close } = await shelf.visitAs(browser, ada, size);
    await take(page, "gallery", size, paths.gallery());
    await take(page, "player", size, paths.video(shown));
    await take(page, "downloads", size, paths.downloads());
    await take(page, "api-docs", size, paths.apiDocs());
    await take(page, "error", size, paths.video("gone"));
    await close();
  }
  const { page, close } = await shelf.visitAs(browser, ada, "desktop", { colorScheme: "light" });
  await take(page, "gallery-light", "desktop", paths.gallery());
  await close();
}

async function take(page: Page, name: string, size: Size, path: string): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  await page.goto(path);
  await page.evaluate(() => {
    const pictures = [...document.querySelectorAll("img")].filter((one) => one.loading !== "lazy");
    return Promise.all(pictures.map((one) => one.decode().catch(() => undefined)));
  });
  await page.waitForLoadState("load");
  await page.waitForTimeout(300);
  const path1 = join(folder, `${name}-${size === "desktop" ? 1440 : 390}.png`);
  await page.screenshot({ path: `${path1}.full.png` });
  await shrink(`${path1}.full.png`, path1);
}

/** To 256 colours, which is a quarter of the bytes. */
async function shrink(source: string, target: string): Promise<void> {
  const graph =
    "split[a][b];[a]palettegen=stats_mode=full:reserve_transparent=0[p];[b][p]paletteuse=dither=sierra2_4a";
  const argv = ["ffmpeg", "-v", "error", "-y", "-i", source, "-filter_complex", graph];
  const child = Bun.spawn([...argv, "-pred", "mixed", "-compression_level", "9", target], {
    stdin: "ignore",
    stderr: "pipe",
  });
  const problems = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`ffmpeg could not shrink ${target}: ${problems}`);
  rmSync(source);
  console.log(`${target.split("/").at(-1)} ${Math.round(Bun.file(target).size / 1000)} kB`);
}
