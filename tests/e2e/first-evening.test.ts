import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { password } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Size, Visit } from "../fixtures/browser.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";

setDefaultTimeout(90_000);

let browser: Browser;
let site: Site;
beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});

// The whole first evening: from the link in the log to a video that plays.
describe.each(["desktop", "phone"] as const)("on a %s", (size: Size) => {
  let data: ReturnType<typeof newDataDir>;
  let server: Server;
  let guest: Visit;
  beforeAll(async () => {
    data = newDataDir();
    server = await startServer({ dataDir: data.path, withAdmin: false });
    guest = await visit(browser, server.origin, size);
  });
  afterAll(async () => {
    await guest.close();
    await server.stop();
    data.remove();
  });

  test("the set-up link makes the first admin and leads to an empty shelf that says what to do", async () => {
    const { page } = guest;
    await page.goto(server.setupLink ?? "no set-up link was printed");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page
      .locator("form[action='/setup'] button[type=submit], form[action='/setup'] button:not([type])")
      .first()
      .click();
    await page.getByText("shorter than 10 characters").waitFor();
    await page.locator("#password:focus").waitFor();
    expect(await page.getByLabel("E-mail").inputValue()).toBe("ada@example.org");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${server.origin}/`);
    expect(await page.locator("main").innerText()).toMatch(/download|add/i);
  });

  test("a pasted URL is watched becoming ready, without loading the page anew", async () => {
    const { page } = guest;
    site.slowBytesPerSecond = 10_000;
    await page.goto("/downloads");
    await page.locator("textarea[name=urls]").fill(site.url("/slow.mp4"));
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const row = page.locator("#queue .row").first();
    await row.waitFor();
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    const bar = page.locator("#queue .row progress").first();
    await bar.waitFor();
    await page.waitForFunction(() => {
      const progress = document.querySelector<HTMLProgressElement>("#queue .row progress");
      return progress !== null && progress.value > 0 && progress.value < progress.max;
    });
    site.slowBytesPerSecond = 100_000_000;
    await page.locator("#queue .row[data-state=done]").waitFor({ timeout: 60_000 });
    expect(await page.evaluate(() => (window as unknown as { sameDocument?: boolean }).sameDocument)).toBe(
      true,
    );
  });

  test("it plays in its card", async () => {
    const { page } = guest;
    await page.goto("/");
    const card = page.locator("[id^='video-']").first();
    await card
      .getByRole("link", { name: /^Play/ })
      .or(card.getByRole("button", { name: /^Play/ }))
      .first()
      .click();
    const player = card.locator("video");
    await player.waitFor();
    await page.waitForFunction(
      () => (document.querySelector<HTMLVideoElement>("[id^='video-'] video")?.currentTime ?? 0) > 0.2,
    );
    expect(new URL(page.url()).pathname).toBe("/");
  });

  test("it plays on its page, can be sought in, and is downloaded whole", async () => {
    const { page } = guest;
    await page.goto("/");
    await page.locator("[id^='video-'] a[data-item]").first().click();
    await page.waitForURL(/\/videos\//);
    await page.evaluate(() => document.querySelector("video")?.play());
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.1);
    const sought = await page.evaluate(async () => {
      const video = document.querySelector("video");
      if (!video) return -1;
      video.pause();
      const seeked = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
      video.currentTime = video.duration * 0.8;
      await seeked;
      return video.currentTime / video.duration;
    });
    expect(sought).toBeCloseTo(0.8, 1);
    const coming = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download", exact: true }).click();
    const path = await (await coming).path();
    expect(await Bun.file(path).bytes()).toEqual(await Bun.file(site.clip).bytes());
  });

  test("it is renamed, tagged, found and deleted", async () => {
    const { page } = guest;
    await page.goto("/");
    await page.locator("[id^='video-'] a[data-item]").first().click();
    await page.locator("details:has(form[action$='/edit']) summary").click();
    const edit = page.locator("form[action$='/edit']");
    await edit.getByLabel("Title").fill("Zebra crossing");
    await edit.getByLabel("Tags").fill("animals, #stripes");
    await edit.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "Zebra crossing" }).waitFor();
    await page.goto("/?q=zebra&tag=stripes");
    expect(await page.locator("[id^='video-']").count()).toBe(1);
    await page.goto("/?q=giraffe");
    expect(await page.locator("[id^='video-']").count()).toBe(0);
    await page.goto("/?q=zebra");
    await page.locator("[id^='video-'] a[data-item]").first().click();
    await page.locator("details:has(form[action$='/delete']) summary").click();
    await page.locator("form[action$='/delete'] button").click();
    await page.waitForURL(`${server.origin}/`);
    expect(await page.locator("[id^='video-']").count()).toBe(0);
  });

  test("bad links are answered beside the box, and what was typed stays", async () => {
    const { page } = guest;
    await page.goto("/downloads");
    for (const [link, sentence] of [
      ["file:///etc/passwd", /http/],
      ["http://192.168.0.1/clip.mp4", /private or local/],
      ["nonsense", /starting with https/],
    ] as const) {
      await page.locator("textarea[name=urls]").fill(link);
      await page.getByRole("button", { name: "Download", exact: true }).click();
      // What was said of the link before stands there until this one's answer comes.
      await page.locator(".field-error, [role=alert]").filter({ hasText: sentence }).first().waitFor();
      expect(await page.locator("textarea[name=urls]").inputValue()).toBe(link);
    }
  });

  test("a page without a video says so in the queue, with a way on", async () => {
    const { page } = guest;
    await page.goto("/downloads");
    await page.locator("textarea[name=urls]").fill(site.url("/not-a-video"));
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const row = page.locator("#queue .row[data-state=failed]").first();
    await row.waitFor({ timeout: 40_000 });
    expect(await row.innerText()).toContain("There is no video on this page");
    await row.getByRole("button", { name: "Try again" }).waitFor();
  });

  test("logging out closes the door, and logging in leads back", async () => {
    const { page } = guest;
    await page.goto("/downloads");
    await page
      .locator("form[action='/logout']")
      .first()
      .evaluate((form: HTMLFormElement) => form.requestSubmit());
    await page.waitForURL(/\/login/);
    await page.goto("/downloads");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password", { exact: true }).fill("wrong password");
    await page.keyboard.press("Enter");
    await page.getByText("E-mail or password is wrong.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${server.origin}/downloads`);
  });

  test("nothing was complained about on the way", () => {
    // Answers to wrong input are 4xx by design, and the console names each.
    const unexpected = guest.complaints.filter((text) => !/status of 4(01|22)/.test(text));
    expect(unexpected).toEqual([]);
  });
});
