import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { memberCookie, startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";

setDefaultTimeout(90_000);

let browser: Browser;
let site: Site;
let shelf: Shelf;
let person: Visit;
let admin: Visit;
beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
  shelf = openShelf({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  await shelf.app.start();
  const [ada, root] = [await shelf.addUser("Ada"), await shelf.addUser("Root", "admin")];
  person = await shelf.visitAs(browser, ada, "phone");
  admin = await shelf.visitAs(browser, root);
  for (const { page } of [person, admin]) await bringAxe(page);
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
  await site.stop();
});

const failedRow = (page: Page) => page.locator('.row[data-state="failed"]');

// One story, in order.
test("a download that wants a login says so, and shows what yt-dlp said", async () => {
  const { page } = person;
  await page.goto("/downloads");
  await page.getByLabel("Video addresses").fill(site.url("/members.mp4"));
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const row = failedRow(page);
  await row.waitFor();
  expect(await row.innerText()).toContain("The site wants to know who asks");
  expect(await row.innerText()).toContain("An admin can add cookies");
  expect(await row.getByRole("link", { name: "Add cookies" }).count()).toBe(0);
  await row.getByRole("link", { name: /^Log/ }).click();
  expect(await page.getByRole("region").innerText()).toContain("HTTP Error 401");
  expect(await hindrances(page)).toEqual([]);
});

test("its button leads an admin to the cookies of that site, which are kept and never shown", async () => {
  const { page } = admin;
  await page.goto("/downloads");
  await failedRow(page).getByRole("link", { name: "Add cookies" }).click();
  expect(await page.getByLabel("Site", { exact: true }).inputValue()).toBe("127.0.0.1");
  expect(await hindrances(page)).toEqual([]);

  const [name, value] = memberCookie.split("=");
  const keep = () => page.getByRole("button", { name: "Keep the cookies" }).click();
  await page.getByLabel("Or its text").fill(`${name}=${value}`);
  await keep();
  await page.getByText("Line 1 is no line of a cookie file").waitFor();
  expect(await page.getByLabel("Or its text").inputValue()).toBe("");

  const text = ["127.0.0.1", "FALSE", "/", "FALSE", "4102444800", name, value].join("\t");
  const file = { name: "cookies.txt", mimeType: "text/plain", buffer: Buffer.from(text) };
  await page.getByLabel("Cookie file").setInputFiles(file);
  await keep();
  await page.getByText("are kept").waitFor();
  expect(await page.content()).not.toContain(value);
  expect(await hindrances(page)).toEqual([]);
});

test("and the next try brings it", async () => {
  const { page } = person;
  await page.goto("/downloads");
  await failedRow(page).getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Watch" }).waitFor({ timeout: 60_000 });
  expect([...person.complaints, ...admin.complaints].filter((one) => !one.includes("422"))).toEqual([]);
});
