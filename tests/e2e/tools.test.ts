import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { User } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser } from "../fixtures/browser.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { addReady, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let shelf: Shelf;
let ada: User;
/** Who asked for the newest release, and waits for the answer. */
const waiting: ((version: string) => void)[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  shelf = openShelf({ HOMEREEL_TOOLS_YT_DLP: "" });
  ada = await shelf.addUser("Ada", "admin");
  const { app } = shelf;
  for (const version of ["2026.09.01", "2026.10.26"]) {
    const folder = join(app.dataDir, "tools/yt-dlp", version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "yt-dlp"), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  }
  const latestVersion = () => new Promise<string>((resolve) => void waiting.push(resolve));
  app.deps.releases = () => ({ baseUrl: "https://127.0.0.1:1", latestVersion });
  await addReady(app, ada, await mp4Clip({ seconds: 4 }), { title: "Bare" });
  app.deps.db.$client.exec("DELETE FROM files WHERE kind <> 'original'");
  await app.start();
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
});

const press = (page: Page, name: string) => page.getByRole("button", { name }).click();

test("yt-dlp is updated while one looks, and rolled back; pictures are asked for again", async () => {
  const { page, complaints, close } = await shelf.visitAs(browser, ada);
  await page.goto(paths.tools());
  for (const version of ["2026.09.01", "2026.10.26"]) {
    await press(page, "Update now");
    await page.getByText("The update is under way.").waitFor();
    expect(await page.getByRole("button", { name: "Update now" }).count()).toBe(0);
    (await until(() => waiting.shift() ?? null))(version);
    // Nobody loads the page again.
    await page.getByText(`yt-dlp ${version} is in use.`).waitFor();
  }
  await press(page, "Roll back to 2026.09.01");
  await page.getByText("yt-dlp 2026.09.01 is in use again.").waitFor();
  expect(await page.getByRole("button", { name: /Roll back/ }).count()).toBe(0);
  await press(page, "Make the missing ones");
  await page.getByText("The pictures of 1 video are made again").waitFor();
  await shelf.app.idle();
  await page.goto(paths.tools());
  await page.getByText("No video lacks a picture.").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test.each(["desktop", "phone"] as const)("on a %s nothing hinders and nothing sticks out", async (size) => {
  const { page, complaints, close } = await shelf.visitAs(browser, ada, size);
  await bringAxe(page);
  await page.goto(paths.tools());
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  // Where one is can be seen among the places.
  const place = await page.locator('nav [aria-current="page"]').boundingBox();
  expect((place?.x ?? 0) + (place?.width ?? 0)).toBeLessThanOrEqual(await page.evaluate(() => innerWidth));
  expect(await hindrances(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await hindrances(page, { runOnly: ["color-contrast"] })).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});
