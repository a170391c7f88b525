import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import type { User } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser } from "../fixtures/browser.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { encode, fourCorners, toPng } from "../fixtures/pictures.ts";
import { addReady, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let shelf: Shelf;
let ada: User;
let video: string;
beforeAll(async () => {
  browser = await openBrowser();
  shelf = openShelf();
  ada = await shelf.addUser("Ada");
  video = await addReady(shelf.app, ada, await mp4Clip(), { title: "A film" });
  await shelf.app.start();
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
});

async function choose(page: Page, label: string, name: string, content?: Uint8Array): Promise<void> {
  const buffer = Buffer.from(content ?? (await encode(fourCorners(800, 450), ...toPng)));
  await page.getByLabel(label, { exact: true }).setInputFiles({ name, mimeType: "image/png", buffer });
}

/** Whether it came and could be decoded. */
const isShown = (page: Page, src: string) =>
  page
    .locator(`img[src*="${src}"]`)
    .first()
    .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0);

test.each(["phone", "desktop"] as const)("pictures are sent, looked at and deleted: %s", async (size) => {
  const { page, complaints, close } = await shelf.visitAs(browser, ada, size);
  await bringAxe(page);
  await page.goto(paths.gallery());
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("link", { name: "Pictures" }).click();
  await page.getByText("No pictures yet").waitFor();
  await choose(page, "Send a picture", "holiday.png");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("800 × 450").waitFor();
  await until(() => isShown(page, "/images/"));
  expect(await hindrances(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

  await page.getByRole("button", { name: "Copy link" }).click();
  await page.locator("#toasts").getByText("Cop").waitFor();
  const address = await page.getByLabel("Link to holiday.png").inputValue();
  expect(address).toStartWith(`${shelf.origin}/images/`);
  expect((await page.request.get(address)).headers()["content-type"]).toStartWith("image/");

  await page.getByText("Delete", { exact: true }).first().click();
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.getByText("No pictures yet").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("several pictures are sent at once with scripts, and come in by themselves", async () => {
  const bea = await shelf.addUser("Bea");
  const { page, complaints, close } = await shelf.visitAs(browser, bea);
  await page.goto(paths.images());
  const pictures = [400, 800].map(async (width) => ({
    name: `${width}.png`,
    mimeType: "image/png",
    buffer: Buffer.from(await encode(fourCorners(width, 450), ...toPng)),
  }));
  await page.getByLabel("Send a picture").setInputFiles(await Promise.all(pictures));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator("#pictures").getByText("400 × 450").waitFor();
  await page.locator("#pictures").getByText("800 × 450").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test.each([true, false])(
  "a video gets a picture of one's own, with scripts: %p",
  async (javaScriptEnabled) => {
    const { page, close } = await shelf.visitAs(browser, ada, "phone", { javaScriptEnabled });
    if (javaScriptEnabled) await bringAxe(page);
    await page.goto(paths.video(video));
    await page.getByText("Choose a picture").click();
    await choose(page, "Picture", "text.png", Buffer.from("no picture at all"));
    await page.getByRole("button", { name: "Use this picture" }).click();
    await page.getByText("This is not a picture that can be read.").waitFor();
    if (javaScriptEnabled) expect(await hindrances(page)).toEqual([]);

    await choose(page, "Picture", "cover.png");
    await page.getByRole("button", { name: "Use this picture" }).click();
    await page.getByText("Change the picture").click();
    await page.goto(paths.gallery());
    await until(() => isShown(page, `/thumbnails/${video}/own.jpg`));

    await page.goto(paths.video(video));
    await page.getByText("Change the picture").click();
    await page.getByRole("button", { name: "Go back to the video's own" }).click();
    await page.getByText("Choose a picture").waitFor();
    await page.goto(paths.gallery());
    await until(() => isShown(page, `/thumbnails/${video}/2.jpg`));
    await close();
  },
);

test("without scripts a picture is sent, and its link can be read", async () => {
  const { page, close } = await shelf.visitAs(browser, ada, "desktop", { javaScriptEnabled: false });
  await page.goto(paths.images());
  await choose(page, "Send a picture", "plain.png");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByLabel("Link to plain.png").waitFor({ state: "visible" });
  expect(await page.getByRole("button", { name: "Copy link" }).isVisible()).toBe(false);
  await close();
});
