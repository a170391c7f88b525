import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import type { Browser, Page } from "playwright-core";
import { startDownloads } from "../../src/features/downloads/start.ts";
import { paths } from "../../src/paths.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser } from "../fixtures/browser.ts";
import type { Size, Visit, VisitOptions } from "../fixtures/browser.ts";
import { focusIsOn, tabTo } from "../fixtures/keys.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let site: Site;
let shelf: Shelf;
let ada: Awaited<ReturnType<Shelf["addUser"]>>;
let guest: Visit | undefined;
beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});
// No job runs: what is started waits, and can be counted.
beforeEach(async () => {
  shelf = openShelf({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  ada = await shelf.addUser("Ada");
});
afterEach(async () => {
  await guest?.close();
  guest = undefined;
  await shelf.close();
});

async function open(path: string, size: Size = "desktop", options?: VisitOptions): Promise<Page> {
  guest = await shelf.visitAs(browser, ada, size, options);
  await bringAxe(guest.page);
  await guest.page.goto(path);
  return guest.page;
}

async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((words) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", words);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, text);
}

const box = (page: Page) => page.locator("[data-add]");
const rowsOf = () =>
  shelf.app.deps.db.$client
    .prepare("SELECT url, items, options, force_long FROM downloads ORDER BY seq")
    .all() as { url: string; items: string | null; options: string; force_long: number }[];

/** Under the field, which is described by it, and nowhere else. */
async function saysOnce(page: Page, words: string): Promise<void> {
  const said = page.locator("#add").getByText(words);
  await said.first().waitFor();
  expect(await said.count()).toBe(1);
  const ids = (await box(page).getAttribute("aria-describedby"))?.split(" ") ?? [];
  expect([ids, await box(page).getAttribute("aria-invalid")]).toEqual([["urls-error", "urls-note"], "true"]);
  expect(await page.locator("#urls-error").innerText()).toContain(words);
}

describe("an address that is pasted", () => {
  test("unfolds in the box of every page, and is downloaded as it was chosen", async () => {
    const page = await open(paths.gallery());
    await paste(page, site.url("/with-picture"));
    await page.getByRole("heading", { name: /A clip with a picture/ }).waitFor();
    expect(page.url()).toBe(`${shelf.origin}/`);
    const picture = page.locator(".preview img");
    expect(await picture.getAttribute("src")).toStartWith("data:image/jpeg;base64,");
    expect(await picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(100);
    await page.locator(".preview .facts", { hasText: "left" }).waitFor();

    await page.locator(".quality", { hasText: "Best there is" }).click();
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
    const [only, ...more] = rowsOf();
    expect(more).toEqual([]);
    expect(only?.url).toBe(site.url("/with-picture"));
    expect(JSON.parse(only?.options ?? "")).toMatchObject({ preset: "best" });
    expect(guest?.complaints).toEqual([]);
  });

  test("does not move a button away that is held down", async () => {
    const page = await open(paths.downloads());
    await page.getByLabel("Video addresses").fill(site.url("/video.mp4"));
    await page.getByRole("button", { name: "Download", exact: true }).hover();
    await page.mouse.down();
    // As long as the preview takes to come, and longer.
    await Bun.sleep(1500);
    await page.mouse.up();
    await page.locator("#queue .row").first().waitFor();
  });

  test("is looked at although it comes out of a menu, which keeps the end of the press to itself", async () => {
    const page = await open(paths.downloads());
    await box(page).hover();
    await page.mouse.down({ button: "right" });
    await page.getByLabel("Video addresses").fill(site.url("/video.mp4"));
    await page.locator(".preview").waitFor({ timeout: 5000 });
  });

  test("says what is wrong in the words of the form, and nothing while it is written", async () => {
    const page = await open(paths.downloads());
    await box(page).pressSequentially("https:/");
    await box(page).fill("http://192.168.1.1/video");
    await saysOnce(page, "private or local network");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await page.waitForLoadState();
    await page.waitForTimeout(500);
    await saysOnce(page, "private or local network");
    expect(await hindrances(page)).toEqual([]);
    await box(page).fill(site.url("/not-a-video"));
    await page.locator("#preview", { hasText: "There is no video on this page" }).waitFor();
    expect(await box(page).getAttribute("aria-invalid")).toBeNull();
    expect(await page.locator("#urls-error").count()).toBe(0);
    await box(page).fill("");
    await until(async () => (await page.locator("#preview").innerText()) === "" || null);
  });

  test("that is refused among others says so in a row like theirs, with what was written", async () => {
    const page = await open(paths.downloads(), "phone");
    await box(page).fill(`${site.url("/page")}\nhttp://192.168.1.1/video`);
    const refused = page.locator(".preview-row", { hasText: "private or local network" });
    await refused.waitFor();
    expect(await refused.locator(".row-title").innerText()).toBe("http://192.168.1.1/video");
    await page.locator(".preview-row .row-title", { hasText: "A page with a clip" }).waitFor();
    expect(await page.locator("#urls-error, #preview .notice").count()).toBe(0);
    expect(await hindrances(page)).toEqual([]);
  });

  test("is refused under its field without scripts, too, whichever button is pressed", async () => {
    const page = await open(paths.downloads(), "phone", { javaScriptEnabled: false });
    for (const name of ["Look first", "Download"]) {
      await box(page).fill("http://192.168.1.1/video");
      await page.getByRole("button", { name, exact: true }).click();
      await saysOnce(page, "private or local network");
    }
  });

  test("offers what helps with what is wrong to whoever can do it", async () => {
    const page = await open(paths.downloads());
    await box(page).fill(site.url("/login.mp4"));
    await page.locator("#preview", { hasText: "wants to know who asks" }).waitFor();
    expect(await page.locator("#preview a").count()).toBe(0);
    await guest?.close();

    ada = await shelf.addUser("Root", "admin");
    const admins = await open(paths.downloads());
    await box(admins).fill(site.url("/login.mp4"));
    await admins.locator("#preview", { hasText: "wants to know who asks" }).waitFor();
    await tabTo(admins, "Add cookies");
    expect(await hindrances(admins)).toEqual([]);
    await box(admins).fill(`${site.url("/login.mp4")}\n${site.url("/not-a-video")}`);
    const row = admins.locator(".preview-row", { hasText: "wants to know who asks" });
    await row.getByRole("link", { name: "Add cookies" }).click();
    await admins.waitForURL(`${shelf.origin}${paths.cookies("127.0.0.1")}`);
  });

  test("shows hostile titles as text", async () => {
    const page = await open(paths.downloads());
    await box(page).fill(site.url("/hostile"));
    const title = page.locator(".preview h3");
    await title.waitFor();
    expect(await title.innerText()).toContain("<img src=x onerror=alert(1)>");
    expect(await page.locator("#preview img[src=x]").count()).toBe(0);
    expect(guest?.complaints).toEqual([]);
  });

  test("is known where it is on the shelf already", async () => {
    const url = site.url("/page?again");
    startDownloads(shelf.app.deps, ada, { urls: url });
    const page = await open(paths.downloads());
    await box(page).fill(url);
    await page.locator(".on-shelf", { hasText: "Already on its way" }).waitFor();
    await page.getByRole("button", { name: "Download again" }).click();
    await page.waitForLoadState();
    await until(async () => (rowsOf().length === 2 ? true : null));
  });

  test("is left alone as soon as another comes", async () => {
    const page = await open(paths.downloads());
    await box(page).fill(site.url("/never"));
    await page.locator(".preview-wait", { hasText: "Looking at" }).waitFor();
    await until(async () => (site.count("/never") > 0 ? true : null));
    await box(page).fill(site.url("/page"));
    await page.locator(".preview h3").waitFor();
    expect(await page.locator(".preview").count()).toBe(1);
  });

  test("several unfold each by itself", async () => {
    const page = await open(paths.downloads());
    await box(page).fill(
      ["/gone.mp4", "/with-picture", "/feed.rss"].map((path) => site.url(path)).join("\n"),
    );
    const rows = page.locator(".preview-row:not([aria-busy])");
    await rows.nth(2).waitFor();
    const texts = await rows.allInnerTexts();
    expect(texts[0]).toContain("no longer there");
    expect(texts[1]).toContain("A clip with a picture");
    expect(texts[2]).toContain("3 videos");
    expect(guest?.complaints).toEqual([]);
  });
});

describe("a playlist", () => {
  const openList = async (episodes: number, size?: Size) => {
    const page = await open(paths.downloads(), size);
    await box(page).fill(site.url(`/feed.rss?episodes=${episodes}`));
    await page.locator("#entries-page").waitFor();
    return page;
  };
  const items = (page: Page) => page.getByLabel("Which videos").inputValue();

  test("is chosen from with boxes, ranges, a filter and over its pages", async () => {
    const page = await openList(450);
    const boxes = page.locator(".entry-list input");
    expect(await items(page)).toBe("1-450");
    await page.getByRole("button", { name: "Choose none" }).click();
    expect(await items(page)).toBe("");
    await boxes.nth(2).check();
    await boxes.nth(6).click({ modifiers: ["Shift"] });
    await boxes.nth(4).uncheck();
    expect(await items(page)).toBe("3-4,6-7");

    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2 of 3").waitFor();
    expect(await page.locator(".entry-title").first().innerText()).toBe("Episode 201");
    await boxes.first().check();
    expect(await items(page)).toBe("3-4,6-7,201");

    await page.getByLabel("Show those with").fill("episode 44");
    await page.getByText("14 of 450 videos").waitFor();
    await page.getByRole("button", { name: "Choose these" }).click();
    expect(await items(page)).toBe("3-4,6-7,44,144,201,244,344,440-449");
    await page.getByText("19 chosen").waitFor();

    await page.getByLabel("Which videos").fill("2-3, 449");
    expect(await boxes.first().isChecked()).toBe(false);
    expect(await boxes.last().isChecked()).toBe(true);
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await until(async () => (rowsOf().length === 1 ? true : null));
    expect(rowsOf()[0]?.items).toBe("2-3,449");
    expect(guest?.complaints).toEqual([]);
  });

  test("of which nothing is chosen brings nothing, and says so", async () => {
    const page = await openList(3);
    await page.getByRole("button", { name: "Choose none" }).click();
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await page.getByText("No video of the playlist is chosen.").waitFor();
    expect(rowsOf()).toEqual([]);
  });
});

test("what is chosen under More is kept as a profile, and taken from then on", async () => {
  const page = await open(paths.downloads());
  await page.locator(".add-form .more > summary").click();
  await page.locator("#preset").selectOption("720p");
  await page.locator(".subtitles summary").click();
  await page.getByLabel("German", { exact: true }).check();
  await page.getByLabel("Only from").fill("0:01.5");
  await page.getByLabel("Keep this choice as a profile").fill("For the train");
  await page.getByLabel("Take it from now on").check();
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByText("Kept as For the train.").waitFor();
  expect(rowsOf()).toEqual([]);

  // The dialog of every page loads them when it is opened.
  await page.goto(paths.gallery());
  await page.keyboard.press("a");
  await page.locator("#add-options #preset").waitFor({ state: "attached" });
  expect(await page.locator("#preset").inputValue()).toBe("720p");
  await box(page).fill("https://example.org/watch/1");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
  expect(JSON.parse(rowsOf()[0]?.options ?? "")).toMatchObject({
    preset: "720p",
    subtitles: ["de"],
    clip_from: 1.5,
  });

  await page.goto(paths.profiles());
  expect(await page.locator(".profile").innerText()).toContain("subtitles: German");
  expect(await hindrances(page)).toEqual([]);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("No profiles yet").waitFor();
  expect(guest?.complaints).toEqual([]);
});

describe("without scripts", () => {
  const plain = { javaScriptEnabled: false };

  test("a button looks first, and the numbers of a playlist's videos are written", async () => {
    const page = await open(paths.downloads(), "phone", plain);
    await box(page).fill(site.url("/feed.rss?episodes=250"));
    await page.getByRole("button", { name: "Look first" }).click();
    await page.getByRole("heading", { name: "A feed of clips" }).waitFor();
    expect(await page.locator(".entry-list input:visible").count()).toBe(0);
    await page.getByLabel("Which videos").fill("5-6");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2 of 2").waitFor();
    expect(await page.getByLabel("Which videos").inputValue()).toBe("5-6");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await page.locator("#queue .row").waitFor();
    expect(rowsOf().map((row) => row.items)).toEqual(["5-6"]);
  });

  test("numbers are for the address that was looked at, and for no other", async () => {
    const page = await open(paths.downloads(), "desktop", plain);
    await box(page).fill(site.url("/feed.rss?episodes=5"));
    await page.getByRole("button", { name: "Look first" }).click();
    await page.getByLabel("Which videos").fill("5");
    await box(page).fill("https://example.org/another");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await page.locator("#queue .row").waitFor();
    expect(rowsOf()).toMatchObject([{ url: "https://example.org/another", items: null }]);
  });

  test("a profile fills the form", async () => {
    const page = await open(paths.downloads(), "desktop", plain);
    await page.locator(".add-form .more > summary").click();
    await page.locator("#preset").selectOption("mp3");
    await page.getByLabel("Keep this choice as a profile").fill("Only sound");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.waitForURL(`${shelf.origin}${paths.profiles()}`);
    await page.goto(paths.downloads());
    expect(await page.locator("#preset").inputValue()).toBe("everywhere");
    await page.locator(".add-form .more > summary").click();
    await page.getByRole("button", { name: "Only sound" }).click();
    await page.waitForLoadState();
    expect(await page.locator("#preset").inputValue()).toBe("mp3");
  });
});

test("by keyboard alone: paste, choose, download", async () => {
  const page = await open(paths.gallery());
  await page.keyboard.press("a");
  await focusIsOn(page, "Video addresses");
  await box(page).fill(site.url("/feed.rss?episodes=3"));
  await page.locator("#entries-page").waitFor();
  await focusIsOn(page, "Video addresses");
  await tabTo(page, "Which videos");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("1,3");
  expect(await page.locator(".entry-list input:checked").count()).toBe(2);
  await tabTo(page, "Download");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
  expect(rowsOf().map((row) => row.items)).toEqual(["1,3"]);
});

describe.each([
  ["desktop", "dark"],
  ["phone", "light"],
] as const)("on a %s, %s", (size, colorScheme) => {
  test("nothing hinders, and nothing runs over the edge", async () => {
    const page = await open(paths.downloads(), size, { colorScheme });
    await page.locator(".add-form .more > summary").click();
    await page.locator(".subtitles summary").click();
    for (const path of ["/with-picture", "/feed.rss?episodes=30", "/hostile"]) {
      await box(page).fill(site.url(path));
      await page.locator(".preview h3").waitFor();
      expect(await hindrances(page)).toEqual([]);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over).toBeLessThanOrEqual(0);
      await box(page).fill("");
    }
  });
});
