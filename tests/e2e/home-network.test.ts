import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { VisitOptions } from "../fixtures/browser.ts";
import { logInOn } from "../fixtures/log-in.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";

setDefaultTimeout(60_000);

// A name of the home network, without TLS. Browsers trust 127.0.0.1, where all other tests are, with more than that:
// only there, and over TLS, does a form say by Sec-Fetch-Site where it came from.
let browser: Browser;
let data: ReturnType<typeof newDataDir>;
let server: Server;
let origin: string;
beforeAll(async () => {
  data = newDataDir();
  [browser, server] = await Promise.all([
    openBrowser({ args: ["--host-resolver-rules=MAP *.lan 127.0.0.1"] }),
    startServer({ dataDir: data.path }),
  ]);
  origin = server.origin.replace("127.0.0.1", "shelf.lan");
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  data.remove();
});

async function logIn(options: VisitOptions) {
  const guest = await visit(browser, origin, "desktop", options);
  await logInOn(guest.page, adminEmail);
  return guest;
}

test.each([true, false])("forms are taken there; scripts: %p", async (javaScriptEnabled) => {
  const { page, close } = await logIn({ javaScriptEnabled });
  await page.goto("/account");
  await page.getByLabel("Your name").fill("Ada");
  await page.getByRole("button", { name: "Save the name" }).click();
  await page.waitForURL(/done=name/);
  await close();
});

test("and what scripts send in place", async () => {
  const { page, close } = await logIn({});
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await page.goto("/downloads");
  await page.getByLabel("Video addresses").fill("http://127.0.0.1:9/nothing.mp4");
  const { url, status } = await answer.then((one) => ({ url: one.url(), status: one.status() }));
  expect([url, status]).toEqual([`${origin}/downloads/preview`, 200]);
  await close();
});

test("but not those of another site, which sends none either", async () => {
  const { page, close } = await logIn({});
  await page.route("http://evil.lan/**", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<meta name="referrer" content="no-referrer"><form method="post" action="${origin}/logout">
        <button>Go</button></form>`,
    }),
  );
  await page.goto("http://evil.lan/");
  const refused = page.waitForResponse(`${origin}/logout`);
  await page.getByRole("button").click();
  expect((await refused).status()).toBe(403);
  await close();
});
