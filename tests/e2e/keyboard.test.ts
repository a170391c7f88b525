import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { focused, focusIsOn, tabTo, walkRound } from "../fixtures/keys.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { addFailed, addReady, addRunning, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";

setDefaultTimeout(60_000);

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

test("from the login to a video that plays, with nothing but keys", async () => {
  const site: Site = await startSite();
  const shelf = openShelf({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  const guest = await visit(browser, shelf.origin);
  const { page } = guest;
  try {
    await shelf.addUser("Ada");
    await shelf.app.start();
    await page.goto(paths.gallery());
    await page.locator("input[name=email]:focus").waitFor();
    await page.keyboard.type("ada@example.org");
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shelf.origin}/`);

    await tabTo(page, "Add");
    await page.keyboard.press("Enter");
    await focusIsOn(page, "Video addresses");
    await page.keyboard.type(site.url("/video.mp4"));
    await tabTo(page, "Download", 20);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
    await page.locator("#queue .row[data-state=done]").waitFor({ timeout: 40_000 });

    await tabTo(page, "Watch");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/videos\//);
    await page.locator(".plyr__controls").waitFor();
    await tabTo(page, "Play");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.2);
    await page.keyboard.press("k");
    await page.waitForFunction(() => document.querySelector("video")?.paused);
  } finally {
    await guest.close();
    await shelf.close();
    await site.stop();
  }
});

describe("on a shelf that is full", () => {
  let shelf: Shelf;
  let guest: Visit;
  let page: Page;
  let ready: string;
  beforeAll(async () => {
    shelf = openShelf();
    const ada = await shelf.addUser("Ada", "admin");
    const clip = await mp4Clip({ seconds: 4 });
    ready = await addReady(shelf.app, ada, clip, { title: "First", tags: ["bars"] });
    await addReady(shelf.app, ada, clip, { title: "Second" });
    addRunning(shelf.app, ada, { title: "Third" }, 20);
    addFailed(shelf.app, ada, { title: "Fourth" });
    guest = await shelf.visitAs(browser, ada);
    page = guest.page;
  });
  afterAll(async () => {
    await guest.close();
    await shelf.close();
  });

  test.each([
    ["gallery", () => paths.gallery()],
    ["player", () => paths.video(ready)],
    ["downloads", () => paths.downloads()],
    ["API", () => paths.apiDocs()],
  ])("%s: Tab goes round, and where it is can always be seen", async (_name, path) => {
    await page.goto(path());
    const stops = await walkRound(page);
    expect(stops.length).toBeGreaterThan(8);
    expect(stops.filter(({ ring, inside }) => !ring || !inside)).toEqual([]);
  });

  test("the first Tab offers to skip the header, and Enter does", async () => {
    await page.goto(paths.gallery());
    await page.keyboard.press("Tab");
    await focusIsOn(page, "Skip to the content");
    expect((await page.locator(".skip").boundingBox())?.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
  });

  test("/ searches, and is a letter there", async () => {
    await page.goto(paths.gallery());
    await page.keyboard.press("/");
    await focusIsOn(page, "Search videos");
    await page.keyboard.type("a/j?");
    expect(await page.getByLabel("Search videos").inputValue()).toBe("a/j?");
    expect(await page.locator("dialog[open]").count()).toBe(0);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("second");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Results for “second”" }).waitFor();
    expect(await page.locator(".card").count()).toBe(1);
  });

  test("a opens the add box and Escape leaves it, back where one was", async () => {
    await page.goto(paths.gallery());
    await page.keyboard.press("j");
    const before = await focused(page);
    await page.keyboard.press("a");
    await focusIsOn(page, "Video addresses");
    await page.keyboard.type("a");
    expect(await page.getByLabel("Video addresses").inputValue()).toBe("a");
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    expect(await focused(page)).toEqual(before);
  });

  test("? shows the keys, also right after Escape closed another box", async () => {
    await page.goto(paths.gallery());
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press("a");
      await focusIsOn(page, "Video addresses");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.locator("dialog#shortcuts[open]").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog[open]").waitFor({ state: "detached" });
    }
  });

  test("j and k walk from card to card, Enter opens", async () => {
    await page.goto(paths.gallery());
    const walk: string[] = [];
    for (const key of ["j", "j", "j", "k", "k", "k"]) {
      await page.keyboard.press(key);
      walk.push((await focused(page)).name);
    }
    expect(walk).toEqual(["Fourth", "Third", "Second", "Third", "Fourth", "Fourth"]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Fourth" }).waitFor();
    await page.keyboard.press("g");
    await page.waitForURL(`${shelf.origin}/`);
    await page.keyboard.press("d");
    await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
    await page.keyboard.press("j");
    expect((await focused(page)).name).toBe("Third");
  });

  test("the theme is switched, at once and for good", async () => {
    await page.goto(paths.gallery());
    await tabTo(page, "Theme");
    await page.keyboard.press("Enter");
    await tabTo(page, "Light");
    const kept = page.waitForResponse((response) => response.url().endsWith(paths.theme()));
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
    expect(await page.evaluate(() => getComputedStyle(document.body).colorScheme)).toBe("light");
    await kept;
    await page.keyboard.press("Escape");
    await focusIsOn(page, "Theme");
    await page.goto(paths.downloads());
    expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
  });

  test("a video plays in its card and Escape ends it, back on its link", async () => {
    await page.goto(paths.gallery());
    await tabTo(page, "Play Second");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.1);
    await page.keyboard.press("Escape");
    await page.locator("video").waitFor({ state: "detached" });
    await focusIsOn(page, "Play Second");
  });

  test("nothing was complained about on the way", () => {
    expect(guest.complaints).toEqual([]);
  });
});
