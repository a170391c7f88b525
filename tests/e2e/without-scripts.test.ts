import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Locator, Page } from "playwright-core";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { addWaiting, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

// One person's evening in a browser that runs no scripts; each test goes on where the one before it ended.
let browser: Browser;
let site: Site;
let shelf: Shelf;
let guest: Visit;
let page: Page;
let ada: Awaited<ReturnType<Shelf["addUser"]>>;
beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
  shelf = openShelf({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  ada = await shelf.addUser("Ada", "admin");
  await shelf.app.start();
  guest = await visit(browser, shelf.origin, "desktop", { javaScriptEnabled: false });
  page = guest.page;
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
  await site.stop();
});

test("logging in leads to where one wanted to go", async () => {
  await page.goto(paths.downloads());
  expect(page.url()).toContain("/login?next=");
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
});

test("what needs scripts is not offered", async () => {
  await page.goto(paths.gallery());
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("link", { name: "My videos" }).waitFor();
  for (const part of await page.locator(".needs-script").all()) expect(await part.isVisible()).toBe(false);
});

test("the add button leads to the box, and a pasted address to a queue that comes anew by itself", async () => {
  site.slowBytesPerSecond = 5_000;
  await page.goto(paths.gallery());
  await page.getByRole("navigation").getByRole("link", { name: "Add", exact: true }).click();
  await paste(site.url("/slow.mp4"));
  const row = page.locator("#queue .row");
  expect(await row.count()).toBe(1);
  expect(await page.locator("meta[http-equiv=refresh]").getAttribute("content")).toBe("10");
  site.slowBytesPerSecond = 100_000_000;
  await seen(row.and(page.locator("[data-state=done]")));
  expect(await page.locator("meta[http-equiv=refresh]").count()).toBe(0);
});

test("the video's page plays it with the browser's own player", async () => {
  await page.getByRole("link", { name: "Watch" }).click();
  const video = page.locator("#stage video");
  expect(await video.getAttribute("controls")).not.toBeNull();
  const stream = await page.request.get((await video.getAttribute("src")) ?? "no source", {
    headers: { range: "bytes=0-11" },
  });
  expect(stream.status()).toBe(206);
  expect((await stream.body()).toString("latin1")).toContain("ftyp");
});

test("the gallery's card leads there as well", async () => {
  await page.goto(paths.gallery());
  await page.locator(".card-open").click();
  await page.waitForURL(/\/videos\//);
});

test("it is edited, and found by its new words", async () => {
  await page.locator("summary", { hasText: "Edit" }).click();
  const form = page.locator("form[action$='/edit']");
  await form.getByLabel("Title").fill("A quiet harbour");
  await form.getByLabel("Tags").fill("sea, boats");
  await form.getByLabel("Only the owner").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "A quiet harbour" }).waitFor();
  expect(await page.locator(".title-row").innerText()).toContain("Private");
  await page.getByLabel("Search videos").fill("harbour");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Results for “harbour”" }).waitFor();
  expect(await page.locator(".card").count()).toBe(1);
  await page.getByRole("link", { name: "#boats" }).first().click();
  expect(page.url()).toContain("tag=boats");
});

test("what was wrong stands beside its field, and what was typed stays", async () => {
  await page.locator("[data-item]").click();
  await page.locator("summary", { hasText: "Edit" }).click();
  const form = page.locator("form[action$='/edit']");
  await form.getByLabel("Title").fill(" ");
  await form.getByLabel("Description").fill("Kept");
  await page.getByRole("button", { name: "Save" }).click();
  expect(await page.locator(".field-error").innerText()).toContain("Give a title.");
  expect(await form.getByLabel("Description").inputValue()).toBe("Kept");
});

test("the theme stays as it was chosen, and one stays where one was", async () => {
  await page.goto(`${paths.gallery()}?q=harbour`);
  await page.getByRole("button", { name: "Theme" }).click();
  await page.locator("#theme-menu").getByRole("button", { name: "Light" }).click();
  await page.waitForURL(/q=harbour/);
  expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
  await page.goto(paths.downloads());
  expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
});

test("a failure says why and is tried again; a download that runs is cancelled", async () => {
  await page.goto(paths.downloads());
  await paste(site.url("/not-a-video"));
  const failed = page.locator("#queue .row[data-state=failed]");
  await seen(failed);
  expect(await failed.innerText()).toContain("There is no video on this page");
  const before = site.count("/not-a-video");
  await failed.getByRole("button", { name: "Try again" }).click();
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
  await seen(failed);
  expect(site.count("/not-a-video")).toBeGreaterThan(before);

  await paste(site.url("/slow.mp4?rate=2000"));
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
  expect(await page.locator("#queue .row[data-state=cancelled]").count()).toBe(1);
});

test("a failed video is tried again from its own page", async () => {
  await page.goto(paths.gallery({ state: "FAILED" }));
  await page.locator("[data-item]").click();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForURL(/\/videos\//);
  expect(await page.locator("meta[http-equiv=refresh]").getAttribute("content")).toBe("5");
  await seen(page.locator("#stage[data-state=FAILED]"));
});

test("files go with what the add box says of them", async () => {
  await page.goto(paths.downloads());
  const box = page.locator("#add");
  for (const hidden of await page.locator("#add .needs-script").all())
    expect(await hidden.isVisible()).toBe(false);
  await box
    .getByLabel("Choose files")
    .filter({ visible: true })
    .setInputFiles(await mp4Clip({ seconds: 2 }));
  await box.locator("summary", { hasText: "More" }).click();
  await box.getByLabel("Title", { exact: true }).fill("Sent by hand");
  await box.getByLabel("Tags", { exact: true }).fill("Boats, sea");
  await box.getByLabel("Only the owner").check();
  await box.getByRole("button", { name: "Upload" }).click();
  await page.waitForURL(`${shelf.origin}${paths.mine()}`);
  await page.getByRole("link", { name: "Sent by hand" }).click();
  await seen(page.locator("#stage[data-state=READY]"));
  expect(await page.locator(".title-row").innerText()).toContain("Private");
  expect(await page.locator(".words .tags").innerText()).toMatch(/#boats\s+#sea/);
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("button", { name: "Delete this video" }).click();
});

test("“Show more” is a link to the next page", async () => {
  for (let i = 1; i <= 61; i++) addWaiting(shelf.app, ada, { title: `Filler ${i}` });
  await page.goto(paths.gallery());
  const first = await titles();
  expect(first.length).toBe(60);
  await page.getByRole("link", { name: "Show more" }).click();
  await page.waitForURL(/cursor=/);
  const second = await titles();
  expect(second).toContain("Filler 1");
  expect(first.filter((title) => second.includes(title))).toEqual([]);
});

test("deleting asks first and leads back to the shelf", async () => {
  await page.goto(`${paths.gallery()}?q=harbour`);
  await page.locator("[data-item]").click();
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("button", { name: "Delete this video" }).click();
  await page.waitForURL(`${shelf.origin}/`);
  await page.goto(`${paths.gallery()}?q=harbour`);
  await page.getByRole("heading", { name: "Nothing found" }).waitFor();
});

test("logging out closes the door", async () => {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(/\/login/);
  await page.goto(paths.gallery());
  await page.waitForURL(/\/login/);
});

async function paste(address: string): Promise<void> {
  await page.getByLabel("Video addresses").fill(address);
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.waitForURL(`${shelf.origin}${paths.downloads()}`);
}

function titles(): Promise<string[]> {
  return page.locator("[data-item]").allInnerTexts();
}

/** Loads the page anew until it shows that: sooner than its own refresh does. */
async function seen(what: Locator): Promise<void> {
  await until(async () => {
    if ((await what.count()) > 0) return true;
    await page.reload();
    return null;
  });
}
