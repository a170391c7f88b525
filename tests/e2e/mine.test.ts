import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import type { User } from "../../src/features/accounts/accounts.ts";
import { startUpload } from "../../src/features/uploads/uploads.ts";
import { newId } from "../../src/lib/ids.ts";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import { colourClip, mp4Clip } from "../fixtures/media.ts";
import { sendReplacement } from "../fixtures/replacement.ts";
import { addFailed, addRunning, addSent, addWaiting, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let shelf: Shelf;
let bea: User;
let people = 0;
const small = { width: 160, height: 90 };
let clip: string;
beforeAll(async () => {
  [browser, clip] = await Promise.all([openBrowser(), mp4Clip({ ...small, seconds: 8 })]);
  // No job runs, which a file that goes straight into the bucket waits for before it is a replacement.
  shelf = openShelf({ HOMEREEL_STORAGE_S3_PROXY: "true" });
  await shelf.addUser("Ada", "admin");
});
beforeEach(async () => void (bea = await shelf.addUser(`Bea ${++people}`)));
afterAll(async () => {
  await browser.close();
  await shelf.close();
});

/** All that a row can be. */
async function fillMine(): Promise<void> {
  const first = await addSent(shelf.app, bea, clip, "Garden.mp4", { visibility: "private" });
  await addSent(shelf.app, bea, clip, "Garden again.mp4");
  addFailed(shelf.app, bea, { title: "Broken" });
  addRunning(shelf.app, bea, { title: "Coming" }, 40);
  startUpload(shelf.app.deps, bea, { id: newId(), sizeBytes: 9000, wishes: { filename: "Half.mov" } });
  shelf.app.deps.db.$client
    .prepare("UPDATE videos SET replace_error = 'This is not a video.' WHERE id = ?")
    .run(first);
  shelf.app.deps.db.$client.prepare("UPDATE users SET quota_bytes = 5000000 WHERE id = ?").run(bea.id);
}

describe.each(["desktop", "phone"] as const)("on a %s", (size) => {
  test("nothing hinders, nothing complains, nothing sticks out", async () => {
    await fillMine();
    const { page, complaints, close } = await shelf.visitAs(browser, bea, size);
    await bringAxe(page);
    await page.goto(paths.mine());
    await page.getByText("Delete this one").first().click();
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await hindrances(page)).toEqual([]);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(complaints).toEqual([]);
    await close();
  });
});

test("the first video comes in live, and goes away when it is deleted", async () => {
  const { page, close } = await shelf.visitAs(browser, bea);
  await page.goto(paths.mine());
  await page.getByText("You have no videos yet").waitFor();
  const { videoId } = addRunning(shelf.app, bea, { title: "Coming" }, 40);
  shelf.app.deps.events.emit("video.changed", { videoId, userId: bea.id });
  const row = page.locator("#mine .row");
  await row.getByText("Downloading 40 %").waitFor();
  expect(await page.getByText("You have no videos yet").isVisible()).toBe(false);
  const sent = await addSent(shelf.app, bea, clip, "Garden.mp4");
  await page.locator(`#mine-${sent}`).getByText("Ready").waitFor();
  expect(await row.locator(".row-title").allInnerTexts()).toEqual(["Garden.mp4", "Coming"]);
  // What others send is theirs.
  const other = await shelf.addUser(`Cyd ${people}`);
  await addSent(shelf.app, other, clip, "Not mine.mp4");
  const { request } = await shelf.visitAs(browser, bea).then(({ context }) => context);
  await request.post(`${shelf.origin}${paths.deleteVideo(sent)}`, { headers: { origin: shelf.origin } });
  await page.locator(`#mine-${sent}`).waitFor({ state: "detached" });
  expect(await row.locator(".row-title").allInnerTexts()).toEqual(["Coming"]);
  await close();
});

test("the keyboard walks through the rows and opens one", async () => {
  for (const name of ["One.mp4", "Two.mp4"]) await addSent(shelf.app, bea, clip, name);
  const { page, close } = await shelf.visitAs(browser, bea);
  await page.goto(paths.mine());
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "One.mp4" }).waitFor();
  await close();
});

test("without scripts the menu of states and the pages are links, and a double is deleted", async () => {
  for (let i = 1; i <= 31; i++) addWaiting(shelf.app, bea, { title: `Number ${i}` });
  await addSent(shelf.app, bea, clip, "Garden.mp4");
  await addSent(shelf.app, bea, clip, "Garden again.mp4");
  const { page, close } = await visit(browser, shelf.origin, "phone", { javaScriptEnabled: false });
  await page.goto(paths.mine());
  await page.getByLabel("E-mail").fill(bea.email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${shelf.origin}${paths.mine()}`);
  await page.getByRole("link", { name: "Show more" }).click();
  await page.getByText("Number 1", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Ready", exact: true }).click();
  await page.locator(".row").first().waitFor();
  expect(await page.locator(".row-title").allInnerTexts()).toEqual(["Garden again.mp4", "Garden.mp4"]);
  const double = page.locator(".row").first();
  await double.getByText("Delete this one").click();
  await double.getByRole("button", { name: "Delete for good" }).click();
  await page.waitForURL(`${shelf.origin}${paths.mine()}`);
  expect(await page.locator(".row-title").first().innerText()).toBe("Garden.mp4");
  await close();
});

describe("the form for a new file", () => {
  test.each([
    ["without scripts, by keyboard", "phone", false],
    ["with scripts", "desktop", true],
  ] as const)("brings it, %s, and nothing hinders", async (_, size, javaScriptEnabled) => {
    const id = await addSent(shelf.app, bea, clip, "Garden.mp4");
    const { page, complaints, close } = await shelf.visitAs(browser, bea, size, { javaScriptEnabled });
    if (javaScriptEnabled) await bringAxe(page);
    await page.goto(paths.video(id));
    const fold = page.locator("summary", { hasText: "Replace the file" });
    await fold.focus();
    await page.keyboard.press("Enter");
    if (javaScriptEnabled) expect(await hindrances(page)).toEqual([]);
    await page.getByLabel("New file").setInputFiles(await mp4Clip({ seconds: 3 }));
    await page.getByRole("button", { name: "Replace", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Keep the old file" }).waitFor();
    if (javaScriptEnabled) expect(await hindrances(page)).toEqual([]);
    await page.getByRole("button", { name: "Keep the old file" }).click();
    await page.getByRole("button", { name: "Keep the old file" }).waitFor({ state: "detached" });
    expect(await page.locator("#about").innerText()).toContain("Garden.mp4");
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("a file that is replaced while its page is open", () => {
  test("goes on as the new one, from where it was", async () => {
    // Neither comes to its end while one looks.
    const id = await addSent(shelf.app, bea, await mp4Clip({ ...small, seconds: 120 }), "Garden.mp4");
    const { page, complaints, close } = await shelf.visitAs(browser, bea);
    await page.goto(paths.video(id));
    await page.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) > 1);
    await page.evaluate(() => void document.querySelector("video")?.play());
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 1);
    const better = await colourClip("mp4", { seconds: 120, width: 640, height: 360 });
    await sendReplacement(shelf.app, bea, id, better, "better.mp4");
    await page.getByText("A new file waits for its turn").waitFor();
    await shelf.app.start();
    await page.waitForFunction(() => {
      const video = document.querySelector("video");
      return video?.videoWidth === 640 && video.currentTime > 1 && !video.paused;
    });
    expect(await page.locator("#about").innerText()).toContain("better.mp4");
    expect(await page.locator("#replacement").innerText()).toBe("");
    expect(complaints).toEqual([]);
    await close();
  });
});
