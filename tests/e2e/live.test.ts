import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { logIn } from "../../src/features/accounts/sessions/login.ts";
import type { User } from "../../src/features/accounts/accounts.ts";
import { startDownloads } from "../../src/features/downloads/start.ts";
import { deleteVideo, updateVideo } from "../../src/features/videos/videos.ts";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { openBrowser } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let site: Site;
let shelf: Shelf;
let bea: User;
let cyd: User;
/** So many bytes a second that a download is long enough on its way to be seen there. */
let atLeisure: number;
const atOnce = 100_000_000;
/** Two people in browsers of their own; neither is an admin. */
let beas: Visit;
let cyds: Visit;
beforeAll(async () => {
  const clip = await mp4Clip({ seconds: 90, width: 160, height: 90, fps: 5 });
  [browser, site] = await Promise.all([openBrowser(), startSite({ clip })]);
  atLeisure = Math.ceil(Bun.file(clip).size / 60);
  shelf = openShelf({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  await shelf.addUser("Ada", "admin");
  [bea, cyd] = await Promise.all([shelf.addUser("Bea"), shelf.addUser("Cyd")]);
  await shelf.app.start();
  [beas, cyds] = await Promise.all([shelf.visitAs(browser, bea), shelf.visitAs(browser, cyd)]);
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
  await site.stop();
});

test("what one pastes appears on the other's empty shelf, moves on, and becomes ready to play", async () => {
  const [pasting, watching] = [beas.page, cyds.page];
  await watching.goto(paths.gallery());
  await watching.getByRole("heading", { name: "The shelf is empty" }).waitFor();
  const filters = watching.getByRole("navigation", { name: "Filter" });
  expect(await filters.isVisible()).toBe(false);
  await stamp(watching);
  site.slowBytesPerSecond = atLeisure;
  await pasting.goto(paths.downloads());
  await pasting.getByLabel("Video addresses").fill(site.url("/slow.mp4"));
  await pasting.getByRole("button", { name: "Download", exact: true }).click();

  const card = watching.locator(".card");
  await card.waitFor();
  expect(await watching.getByRole("heading", { name: "The shelf is empty" }).isVisible()).toBe(false);
  expect(await filters.isVisible()).toBe(true);
  await watching.waitForFunction(() => {
    const bar = document.querySelector<HTMLProgressElement>(".card progress");
    return bar !== null && bar.value > 0 && bar.value < bar.max;
  });
  site.slowBytesPerSecond = atOnce;
  await card.and(watching.locator("[data-state=READY]")).waitFor();
  await watching.waitForFunction(
    () => (document.querySelector<HTMLImageElement>(".card img")?.naturalWidth ?? 0) > 0,
  );
  expect(await card.count()).toBe(1);
  await card.getByRole("link", { name: /^Play/ }).click();
  await watching.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.2);
  expect(await isStamped(watching)).toBe(true);
});

test("what plays in its card goes on, whatever changes around it and about it", async () => {
  const { page } = cyds;
  await page.goto(paths.gallery());
  const card = page.locator(".card");
  const id = ((await card.getAttribute("id")) ?? "").replace("video-", "");
  await card.getByRole("link", { name: /^Play/ }).click();
  await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.2);
  await page.evaluate(() => Object.assign(window, { first: document.querySelector("video") }));

  updateVideo(shelf.app.deps, bea, id, { title: "Another title" });
  const [other] = startDownloads(shelf.app.deps, bea, { urls: site.url("/video.mp4"), title: "The second" });
  await page.locator(`#video-${other?.videoId}[data-state=READY]`).waitFor();

  const before = await page.evaluate(() => document.querySelector("video")?.currentTime ?? -1);
  await page.waitForFunction(
    (before) => (document.querySelector("video")?.currentTime ?? 0) > before,
    before,
  );
  expect(
    await page.evaluate(() => {
      const { first } = window as unknown as { first: HTMLVideoElement };
      return {
        same: first === document.querySelector("video"),
        paused: first.paused,
        at: first.played.length,
      };
    }),
  ).toEqual({ same: true, paused: false, at: 1 });
  await page.keyboard.press("Escape");
  expect(await page.locator("video").count()).toBe(0);
});

test("the video's own page changes from waiting to playing by itself", async () => {
  const { page } = beas;
  site.slowBytesPerSecond = atLeisure;
  const [download] = startDownloads(shelf.app.deps, bea, { urls: site.url("/slow.mp4"), title: "From afar" });
  await page.goto(paths.video(download?.videoId ?? ""));
  await stamp(page);
  await page.locator(".stage-message progress[value]").waitFor();
  site.slowBytesPerSecond = atOnce;
  await page.locator("#stage[data-state=READY] .plyr__controls").waitFor();
  await page.getByRole("link", { name: "Download", exact: true }).waitFor();
  expect(await isStamped(page)).toBe(true);
});

test("where no events come through, the queue moves on all the same", async () => {
  const { page } = beas;
  await page.route("**/events?*", (route) => route.abort());
  await page.goto(paths.downloads());
  await stamp(page);
  const [download] = startDownloads(shelf.app.deps, bea, { urls: site.url("/slow.mp4"), title: "By asking" });
  const row = page.locator(`#download-${download?.id}`);
  await row.waitFor();
  await row.and(page.locator("[data-state=done]")).waitFor();
  expect(await isStamped(page)).toBe(true);
  await page.unroute("**/events?*");
});

test("of a private video nobody else sees a card, a number, or a word", async () => {
  const { deps } = shelf.app;
  const [watching, own] = [cyds.page, beas.page];
  await Promise.all([watching.goto(paths.gallery()), own.goto(paths.gallery())]);
  site.slowBytesPerSecond = atLeisure;
  const [download] = startDownloads(deps, bea, { urls: site.url("/slow.mp4"), title: "Nobody's business" });
  if (!download?.videoId) throw new Error("no download was started");
  updateVideo(deps, bea, download.videoId, { visibility: "private" });
  const overheard = await overhear(cyd, ["gallery", "downloads", `video:${download.videoId}`]);

  const card = own.locator(`#video-${download.videoId}`);
  await card.locator("progress[value]").waitFor();
  site.slowBytesPerSecond = atOnce;
  await card.and(own.locator("[data-state=READY]")).waitFor();
  // What comes after it has come through: then what came before it has, too.
  const [later] = startDownloads(deps, bea, { urls: site.url("/video.mp4"), title: "For all" });
  await watching.locator(`#video-${later?.videoId}[data-state=READY]`).waitFor();
  await until(() => (overheard.text().includes("For all") ? true : null));

  expect(await watching.locator(`#video-${download.videoId}`).count()).toBe(0);
  expect(await watching.locator("#tray-count").isVisible()).toBe(false);
  expect(overheard.text()).not.toContain("business");
  expect(overheard.text()).not.toContain(download.videoId);
  overheard.stop();
});

test("the last video that goes leaves the page that says what to do, without loading it anew", async () => {
  const { deps } = shelf.app;
  const [watching, own] = [cyds.page, beas.page];
  await Promise.all([watching.goto(paths.gallery()), own.goto(paths.mine())]);
  await watching.locator(".card").first().waitFor();
  await own.locator("#mine .row").first().waitFor();
  await Promise.all([stamp(watching), stamp(own)]);
  for (const { id } of deps.db.query.videos.findMany().sync()) deleteVideo(deps, bea, id);
  await watching.getByRole("heading", { name: "The shelf is empty" }).waitFor();
  await own.getByRole("heading", { name: "You have no videos yet" }).waitFor();
  expect(await watching.getByRole("navigation", { name: "Filter" }).isVisible()).toBe(false);
  expect(await Promise.all([isStamped(watching), isStamped(own)])).toEqual([true, true]);
});

test("nothing was complained about on the way", () => {
  // One connection was refused on purpose, and a page that is left takes its requests with it.
  const unexpected = [...beas.complaints, ...cyds.complaints].filter(
    (text) => !/net::ERR_FAILED|TypeError: Failed to fetch/.test(text),
  );
  expect(unexpected).toEqual([]);
});

/** Everything that is sent to this person about these topics. */
async function overhear(user: User, topics: string[]): Promise<{ text(): string; stop(): void }> {
  const { token } = await logIn(shelf.app.deps, user.email, password);
  const stop = new AbortController();
  let heard = "";
  for (const topic of topics) {
    const response = await fetch(`${shelf.origin}${paths.events()}?${new URLSearchParams({ topic })}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: stop.signal,
    });
    const read = async (): Promise<void> => {
      const words = new TextDecoder();
      for await (const bytes of response.body ?? []) heard += words.decode(bytes, { stream: true });
    };
    read().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  }
  return { text: () => heard, stop: () => stop.abort() };
}

/** Whether a page is still the document that it was. */
async function stamp(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { stamped: true }));
}

function isStamped(page: Page): Promise<boolean> {
  return page.evaluate(() => "stamped" in window);
}
