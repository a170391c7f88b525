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
import type { User } from "../../src/features/accounts/accounts.ts";
import { getDownload } from "../../src/features/downloads/downloads.ts";
import { startDownloads } from "../../src/features/downloads/start.ts";
import { cancelDownload } from "../../src/features/downloads/steering/steer.ts";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { addFailed, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let site: Site;
let shelf: Shelf;
let ada: User;
beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
  shelf = openShelf({
    HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32",
    HOMEREEL_DOWNLOADS_PER_SITE_CONCURRENCY: "1",
  });
  await shelf.addUser("Root", "admin");
  ada = await shelf.addUser("Ada");
  await shelf.app.start();
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
  await site.stop();
});

// One runs for long, and three wait behind it.
let ids: string[];
beforeEach(async () => {
  const names = ["/slow.mp4?rate=1500", "/video.mp4?one", "/video.mp4?two", "/video.mp4?three"];
  ids = names.map((name, i) => {
    const input = { urls: site.url(name), title: ["Long", "One", "Two", "Three"][i] };
    return startDownloads(shelf.app.deps, ada, input)[0]?.id ?? "";
  });
  const [long = ""] = ids;
  await until(() => (getDownload(shelf.app.deps, ada, long).state === "fetching" ? true : null));
});
afterEach(async () => {
  for (const id of ids) cancelDownload(shelf.app.deps, ada, id);
  await shelf.app.idle();
});

const titlesIn = (page: Page, group: string) => page.locator(`#queue-${group} .row-title`).allInnerTexts();
const become = (page: Page, group: string, titles: string[]) =>
  until(async () => ((await titlesIn(page, group)).join() === titles.join() ? true : null), 30_000).catch(
    async () => expect(await titlesIn(page, group)).toEqual(titles),
  );

const untilPaused = (page: Page, count: number) =>
  until(async () =>
    (await page.locator("#queue-waiting").getByText("Paused").count()) === count ? true : null,
  );

const rowOf = (page: Page, title: string) =>
  page.locator("#queue .row").filter({ has: page.getByText(title, { exact: true }) });

test("without scripts the same buttons do the same", async () => {
  const { page, close } = await visit(browser, shelf.origin, "desktop", { javaScriptEnabled: false });
  await page.goto(paths.downloads());
  await page.getByLabel("E-mail").fill(ada.email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
  await page.getByRole("button", { name: "To the top: Three" }).click();
  await become(page, "waiting", ["Three", "One", "Two"]);
  await rowOf(page, "Two").getByRole("button", { name: "Pause" }).click();
  await rowOf(page, "Two").getByText("Paused").waitFor();
  await rowOf(page, "One").getByRole("button", { name: "Cancel" }).click();
  await become(page, "failed", ["One"]);
  await rowOf(page, "One").getByRole("button", { name: "Try again" }).click();
  await become(page, "failed", []);
  await close();
});

describe("with scripts", () => {
  let guest: Visit;
  beforeEach(async () => {
    guest = await shelf.visitAs(browser, ada);
    await guest.page.goto(paths.downloads());
    await become(guest.page, "running", ["Long"]);
  });
  afterEach(() => guest.close());

  test("what waits is moved by the keyboard, which stays on its button", async () => {
    const { page } = guest;
    await become(page, "waiting", ["One", "Two", "Three"]);
    await page.getByRole("button", { name: "Up: Three" }).focus();
    await page.keyboard.press("Enter");
    await become(page, "waiting", ["One", "Three", "Two"]);
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Up: Three");
    await page.keyboard.press("Enter");
    await become(page, "waiting", ["Three", "One", "Two"]);
    await page.getByRole("button", { name: "To the top: Two" }).click();
    await become(page, "waiting", ["Two", "Three", "One"]);
    expect(await page.locator("#queue-waiting .row").first().innerText()).toContain("run");
    expect(guest.complaints).toEqual([]);
  });

  test("what runs is paused and goes on, and another page sees it", async () => {
    const { page } = guest;
    const other = await shelf.visitAs(browser, ada);
    await other.page.goto(paths.downloads());
    await page.locator("#queue-running").getByRole("button", { name: "Pause" }).click();
    const paused = rowOf(other.page, "Long");
    await paused.getByText("Paused").waitFor();
    await rowOf(page, "Long").getByRole("button", { name: "Resume" }).click();
    await paused.getByText("Paused").waitFor({ state: "detached" });
    await other.close();
  });

  test("all is paused and goes on", async () => {
    const { page } = guest;
    await page.getByRole("button", { name: "Pause all" }).click();
    await become(page, "waiting", ["Long", "One", "Two", "Three"]);
    await untilPaused(page, 4);
    await page.getByRole("button", { name: "Resume all" }).click();
    await become(page, "running", ["Long"]);
    await untilPaused(page, 0);
  });
});

test("what a retry of all leaves out is said over the queue, in the page as it is", async () => {
  const bea = await shelf.addUser("Bea");
  const { db } = shelf.app.deps;
  const [hopeless, film] = ["Text", "Film"].map((title) =>
    addFailed(shelf.app, bea, { title, site: "films.example" }),
  );
  const fails = db.$client.prepare("UPDATE downloads SET error_code = ? WHERE id = ?");
  fails.run("not_a_video", hopeless?.id);
  fails.run("site_unreachable", film?.id);
  const { page, close, complaints } = await shelf.visitAs(browser, bea);
  await page.goto(paths.downloads());
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await page.getByRole("button", { name: "Retry all failed" }).click();
  const said = page.getByRole("status").filter({ hasText: "left out" });
  await said.waitFor();
  expect(await said.innerText()).toBe("1 download was left out: it would fail again in the same way.");
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
  expect(await rowOf(page, "Text").getByRole("button", { name: "Try again" }).count()).toBe(0);
  await rowOf(page, "Text").getByRole("button", { name: "Remove" }).click();
  await rowOf(page, "Text").waitFor({ state: "detached" });
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
  expect(complaints).toEqual([]);
  await close();
});
