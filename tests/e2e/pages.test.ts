import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { createInvite } from "../../src/features/accounts/accounts.ts";
import { paths } from "../../src/paths.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Size, Visit } from "../fixtures/browser.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { addFailed, addReady, addRunning, addWaiting, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";

setDefaultTimeout(60_000);

let browser: Browser;
/** Nobody has an account on the first, nothing is on the second. */
const [fresh, empty, shelf]: [Shelf, Shelf, Shelf] = [openShelf(), openShelf(), openShelf()];
const ids = { ready: "", bare: "", running: "", waiting: "", failed: "" };
let setupToken = "";
let invitation = "";

beforeAll(async () => {
  browser = await openBrowser();
  setupToken = fresh.app.deps.setupToken.issue(Date.now());
  await empty.addUser("Ada", "admin");
  const ada = await shelf.addUser("Ada", "admin");
  const { path } = createInvite(shelf.app.deps, ada, { role: "user", email: "grace@example.org" });
  invitation = path ?? "";
  const clip = await mp4Clip({ seconds: 4 });
  const { app } = shelf;
  ids.waiting = addWaiting(app, ada, { title: "Not begun" });
  const long = `https://example.org/${"without-any-space/".repeat(12)}`;
  ids.running = addRunning(app, ada, { title: long, tags: ["long"] }, 42).videoId;
  addRunning(app, ada, { title: "Nobody knows how long" }, null);
  ids.failed = addFailed(app, ada, { title: "No video there" }).videoId;
  ids.ready = await addReady(app, ada, clip, {
    title: "Bars and a tone",
    description: "The first line.\n\nThe second.",
    tags: ["bars", "sound", "test"],
    visibility: "private",
  });
  ids.bare = await addReady(app, ada, clip, { title: "Without pictures" });
  app.deps.db.$client
    .prepare("DELETE FROM files WHERE video_id = ? AND kind IN ('thumbnail', 'poster')")
    .run(ids.bare);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([fresh.close(), empty.close(), shelf.close()]);
});

interface Room {
  name: string;
  /** Whose shelf, and whether one is logged in there. */
  at: "fresh" | "empty" | "shelf" | "door";
  path: () => string;
  /** What is done before it is looked at. */
  first?: (page: Page) => Promise<void>;
  /** What the console is expected to say of an answer that is one. */
  status?: number;
}

const rooms: Room[] = [
  { name: "setup", at: "fresh", path: () => paths.setup(setupToken) },
  { name: "set-up link that is over", at: "fresh", path: () => paths.setup("spent"), status: 403 },
  { name: "login", at: "door", path: () => paths.login() },
  { name: "login after a wrong password", at: "door", path: () => paths.login(), first: fail, status: 401 },
  { name: "register by invitation", at: "door", path: () => invitation },
  { name: "register with a short password", at: "door", path: () => invitation, first: hurry, status: 422 },
  { name: "invitation that is over", at: "door", path: () => paths.register("spent"), status: 403 },
  { name: "gallery, empty", at: "empty", path: () => paths.gallery() },
  { name: "gallery", at: "shelf", path: () => paths.gallery() },
  { name: "gallery with a tag", at: "shelf", path: () => paths.gallery({ tag: ["bars"] }) },
  { name: "search without a result", at: "shelf", path: () => paths.gallery({ q: "zebra" }) },
  { name: "player", at: "shelf", path: () => paths.video(ids.ready), first: unfold },
  { name: "player without pictures", at: "shelf", path: () => paths.video(ids.bare) },
  { name: "player, downloading", at: "shelf", path: () => paths.video(ids.running) },
  { name: "player, waiting", at: "shelf", path: () => paths.video(ids.waiting) },
  { name: "player, failed", at: "shelf", path: () => paths.video(ids.failed) },
  { name: "downloads, empty", at: "empty", path: () => paths.downloads() },
  { name: "downloads", at: "shelf", path: () => paths.downloads() },
  {
    name: "downloads, bad input",
    at: "shelf",
    path: () => paths.downloads(),
    first: pasteNonsense,
    status: 422,
  },
  { name: "my videos, empty", at: "empty", path: () => paths.mine() },
  { name: "my videos", at: "shelf", path: () => paths.mine() },
  { name: "my videos, none processing", at: "empty", path: () => paths.mine({ state: "processing" }) },
  { name: "add box", at: "shelf", path: () => paths.gallery(), first: (page) => page.keyboard.press("a") },
  { name: "shortcuts", at: "shelf", path: () => paths.gallery(), first: (page) => page.keyboard.press("?") },
  { name: "account menu", at: "shelf", path: () => paths.gallery(), first: openAccount },
  { name: "API", at: "shelf", path: () => paths.apiDocs() },
  { name: "no such page", at: "shelf", path: () => "/nowhere", status: 404 },
  { name: "set up already", at: "door", path: () => paths.setup("spent"), status: 403 },
];

describe.each(["desktop", "phone"] as const)("on a %s", (size: Size) => {
  const visits = new Map<Room["at"], Visit>();
  beforeAll(async () => {
    const ada = (one: Shelf) =>
      one.app.deps.db.$client.prepare("SELECT * FROM users").get() as { email: string };
    for (const at of ["fresh", "empty", "shelf", "door"] as const) {
      const house = { fresh, empty, shelf, door: shelf }[at];
      const guest =
        at === "fresh" || at === "door"
          ? await visit(browser, house.origin, size)
          : await house.visitAs(browser, ada(house), size);
      await bringAxe(guest.page);
      await guest.page.addInitScript(countShifts);
      visits.set(at, guest);
    }
  });
  afterAll(async () => {
    for (const guest of visits.values()) await guest.close();
  });

  test.each(rooms)("$name: nothing hinders, nothing complains, nothing sticks out or jumps", async (room) => {
    const guest = visits.get(room.at);
    if (!guest) throw new Error("nobody is there");
    const { page, complaints } = guest;
    complaints.length = 0;
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(room.path());
    await room.first?.(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(await hindrances(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await hindrances(page, { runOnly: ["color-contrast"] })).toEqual([]);
    expect(await page.evaluate(() => window.shifted)).toBeLessThan(0.01);
    expect(complaints.filter((text) => !text.includes(`status of ${room.status}`))).toEqual([]);
  });
});

describe("the gallery", () => {
  let guest: Visit;
  beforeAll(async () => {
    const ada = shelf.app.deps.db.$client.prepare("SELECT * FROM users").get() as { email: string };
    guest = await shelf.visitAs(browser, ada);
  });
  afterAll(() => guest.close());

  test.each([
    [1280, 3],
    [800, 2],
    [390, 1],
  ])("at %i px it has %i columns", async (width, columns) => {
    const { page } = guest;
    await page.setViewportSize({ width, height: 900 });
    await page.goto(paths.gallery());
    const boxes = await boxesOf(page, ".card");
    expect(boxes.length).toBeGreaterThan(4);
    expect(new Set(boxes.map(({ x }) => x)).size).toBe(columns);
  });

  test("cards have their size before the pictures come", async () => {
    const { page } = guest;
    let letGo = (): void => {};
    const wait = new Promise<void>((resolve) => (letGo = resolve));
    await page.route("**/thumbnails/**", async (route) => {
      await wait;
      await route.continue();
    });
    await page.goto(paths.gallery(), { waitUntil: "domcontentloaded" });
    const before = await boxesOf(page, ".card, .card-picture");
    expect(
      await page.evaluate(() => document.querySelector<HTMLImageElement>(".card img")?.naturalWidth),
    ).toBe(0);
    letGo();
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLImageElement>(".card img")].every((one) => one.naturalWidth > 0),
    );
    expect(await boxesOf(page, ".card, .card-picture")).toEqual(before);
    await page.unroute("**/thumbnails/**");
  });
});

async function fail(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password", { exact: true }).fill("wrong password");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
}

async function hurry(page: Page): Promise<void> {
  await page.getByLabel("Your name").fill("Grace");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.keyboard.press("Enter");
  await page.locator(".field-error").waitFor();
}

async function pasteNonsense(page: Page): Promise<void> {
  await page.getByLabel("Video addresses").fill("file:///etc/passwd");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.locator(".field-error").waitFor();
}

async function openAccount(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("button", { name: "Log out" }).waitFor();
}

async function unfold(page: Page): Promise<void> {
  await page.locator(".plyr__controls").waitFor();
  for (const summary of await page.locator("main summary").all()) await summary.click();
}

function boxesOf(
  page: Page,
  selector: string,
): Promise<{ x: number; y: number; width: number; height: number }[]> {
  return page.locator(selector).evaluateAll((all) =>
    all.map((one) => {
      const { x, y, width, height } = one.getBoundingClientRect();
      return { x, y, width, height };
    }),
  );
}

/**
 * What moves without being asked (Layout Instability API). What follows a key, a click or a word does not count, however
 * late: half a second of it, as browsers leave out, is a short time for a busy machine.
 */
function countShifts(): void {
  window.shifted = 0;
  let isAsked = false;
  for (const kind of ["keydown", "pointerdown", "input"])
    addEventListener(kind, () => (isAsked = true), { capture: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
    })[]) {
      if (!isAsked && !entry.hadRecentInput) window.shifted += entry.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

declare global {
  interface Window {
    shifted: number;
  }
}
