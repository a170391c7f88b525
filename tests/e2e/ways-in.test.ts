import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { password } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let data: ReturnType<typeof newDataDir>;
let server: Server;
/** Somebody else's page, with a policy of its own. */
let elsewhere: Bun.Server<undefined>;
let guest: Visit;
beforeAll(async () => {
  data = newDataDir();
  [browser, server] = await Promise.all([openBrowser(), startServer({ dataDir: data.path })]);
  elsewhere = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("<title>A video</title>", { headers: { "content-type": "text/html" } }),
  });
  guest = await visit(browser, server.origin);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([server.stop(), elsewhere.stop(true)]);
  data.remove();
});

const shared = "https://video.example/watch?v=1&t=2";
const box = () => guest.page.locator("[data-add]");

test("what is shared to somebody who is not logged in is there after the login", async () => {
  const { page } = guest;
  await page.goto(`/downloads?url=${encodeURIComponent(shared)}#add`);
  await page.waitForURL(/\/login/);
  await page.getByLabel("E-mail").fill(adminEmail);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/downloads/);
  expect(await box().inputValue()).toBe(shared);
});

test("the app can be installed, with icons of every kind", async () => {
  const { page, context } = guest;
  await page.goto("/");
  const cdp = await context.newCDPSession(page);
  const { errors, data: text, url } = await cdp.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const app = JSON.parse(text ?? "") as AppManifest;
  expect(app).toMatchObject({ name: "Homereel", start_url: "/", display: "standalone" });
  for (const { src, sizes, type } of app.icons) {
    const response = await page.request.get(new URL(src, url).href);
    expect([response.status(), response.headers()["content-type"]]).toEqual([200, type]);
    if (type !== "image/png") continue;
    const [side] = sizes.split("x").map(Number);
    const png = await response.body();
    // Width and height in the header chunk (PNG, third edition, §11.2.1).
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([side ?? 0, side ?? 0]);
  }
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  // A window without a profile, as tests have it, installs nothing; that is all it has against it.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual(
    [],
  );
});

test("what a phone shares to the app fills the box, also where it is in the middle of a text", async () => {
  const { page, context } = guest;
  await page.goto("/");
  const cdp = await context.newCDPSession(page);
  const { data: text, url } = await cdp.send("Page.getAppManifest");
  const { action, method, params } = (JSON.parse(text ?? "") as AppManifest).share_target;
  expect(method).toBe("GET");
  const query = new URLSearchParams({
    [params.title]: "A video",
    [params.text]: `Look at "this" <b>now</b>: ${shared}`,
    [params.url]: "",
  });
  await page.goto(`${new URL(action, url).href}?${query}`);
  expect(await box().inputValue()).toBe(shared);
});

test("hostile words stay words", async () => {
  const { page } = guest;
  const words = `"></textarea><img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;
  await page.goto(`/downloads?url=${encodeURIComponent(words)}`);
  expect(await box().inputValue()).toBe(words);
  expect(await page.title()).toBe("Downloads · Homereel");
  expect(await page.locator("img[src=x]").count()).toBe(0);
});

test("the bookmarklet opens the add box from another page, and only explains itself on ours", async () => {
  const { page, context, complaints } = guest;
  await page.goto("/downloads");
  complaints.length = 0;
  await page.getByText("Add from any page").click();
  const link = page.getByRole("link", { name: "Add to Homereel" });
  const code = (await link.getAttribute("href")) ?? "";
  expect(await page.locator("#bookmarklet").inputValue()).toBe(code);
  await link.click();
  await page.getByText("Drag it to your bookmarks").waitFor();
  expect(complaints).toEqual([]);

  await page.goto(`${elsewhere.url.href}watch?v=1#t=5`);
  const [opened] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(code.replace("javascript:", "")),
  ]);
  await opened.waitForLoadState();
  expect(await opened.locator("[data-add]").inputValue()).toBe(`${elsewhere.url.href}watch?v=1#t=5`);
  expect(new URL(opened.url()).origin).toBe(server.origin);
});

interface AppManifest {
  icons: { src: string; sizes: string; type: string }[];
  share_target: { action: string; method: string; params: { title: string; text: string; url: string } };
}
