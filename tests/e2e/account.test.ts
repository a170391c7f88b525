import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import type { User } from "../../src/db/schema.ts";
import { startSession } from "../../src/features/accounts/sessions/sessions.ts";
import { createApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Size, Visit } from "../fixtures/browser.ts";
import { focusIsOn, tabTo, walkRound } from "../fixtures/keys.ts";
import { logInOn } from "../fixtures/log-in.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";

setDefaultTimeout(60_000);

const newPassword = "another long password";
const unbroken = "without-any-space-".repeat(5);

let browser: Browser;
let shelf: Shelf;
let ada: User;
beforeAll(async () => {
  browser = await openBrowser();
  shelf = openShelf();
  ada = await shelf.addUser("Ada", "admin");
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const current = (page: Page, form: string) => page.locator(`#${form}-current-password`);
const canCall = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${shelf.origin}/api/v1/videos`, { headers })).status === 200;
};

async function fillNewToken(page: Page, name: string): Promise<void> {
  if (!(await page.locator("details.fold[open]").count()))
    await page.locator("summary", { hasText: "New token" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
}

async function makeToken(page: Page, name: string): Promise<string> {
  await page.goto(paths.tokens());
  await fillNewToken(page, name);
  await button(page, "Make the token").click();
  return page.getByLabel("The new token").inputValue();
}

interface Room {
  name: string;
  path: string;
  /** Unless it is Ada, who has much of everything. */
  newcomer?: true;
  first?: (page: Page) => Promise<unknown>;
  /** What the console is expected to say of an answer that is one. */
  status?: number;
}

const rooms: Room[] = [
  { name: "account", path: paths.account() },
  { name: "account, done", path: `${paths.account()}?done=email-mailed` },
  { name: "account, a wrong password", path: paths.account(), first: guess, status: 422 },
  { name: "sessions", path: paths.sessions() },
  { name: "sessions, only one", path: paths.sessions(), newcomer: true },
  { name: "tokens", path: paths.tokens() },
  { name: "tokens, none", path: paths.tokens(), newcomer: true },
  { name: "tokens, just made", path: paths.tokens(), first: (page) => makeToken(page, unbroken) },
  { name: "tokens, no scope", path: paths.tokens(), first: chooseNothing, status: 422 },
  {
    name: "tokens, about to revoke one",
    path: paths.tokens(),
    first: (page) =>
      page
        .getByRole("button", { name: /^Revoke/ })
        .first()
        .click(),
  },
];

async function guess(page: Page): Promise<void> {
  await current(page, "password").fill("a wrong guess");
  await page.getByLabel("New password", { exact: true }).fill(newPassword);
  await button(page, "Change the password").click();
  await page.locator(".field-error").waitFor();
}

async function chooseNothing(page: Page): Promise<void> {
  await fillNewToken(page, "Nothing");
  await page.getByLabel("Read").uncheck();
  await button(page, "Make the token").click();
  await page.getByRole("alert").waitFor();
}

describe.each(["desktop", "phone"] as const)("on a %s", (size: Size) => {
  let hers: Visit;
  let theirs: Visit;
  beforeAll(async () => {
    const newcomer = await shelf.addUser(`Newcomer on a ${size}`);
    [hers, theirs] = await Promise.all([
      shelf.visitAs(browser, ada, size),
      shelf.visitAs(browser, newcomer, size),
    ]);
    for (const { page } of [hers, theirs]) await bringAxe(page);
    const { deps } = shelf.app;
    const address = "2001:db8:85a3:1234:5678:8a2e:370:7334";
    await startSession({ ...deps, from: { address, userAgent: unbroken } }, ada);
    createApiToken(deps, ada, { name: unbroken, scopes: ["read", "download", "upload", "admin"] });
    const longAgo = { ...deps, now: () => Date.now() - 90 * 86_400_000 };
    createApiToken(longAgo, ada, { name: "Over", scopes: ["read"], expires_in_days: 30 });
  });
  afterAll(() => Promise.all([hers.close(), theirs.close()]));

  test.each(rooms)("$name: nothing hinders, nothing complains, nothing sticks out", async (room) => {
    const { page, complaints } = room.newcomer ? theirs : hers;
    complaints.length = 0;
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(room.path);
    await room.first?.(page);
    const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await beyond()).toBeLessThanOrEqual(0);
    expect(await hindrances(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await hindrances(page, { runOnly: ["color-contrast"] })).toEqual([]);
    expect(complaints.filter((text) => !text.includes(`status of ${room.status}`))).toEqual([]);
  });

  test("what is wrong with a form far down is in sight", async () => {
    const { page } = hers;
    await page.goto(paths.account());
    await guess(page);
    const error = page.locator(".field-error");
    const top = await page.locator(".top").boundingBox();
    const box = await error.boundingBox();
    expect(box?.y).toBeGreaterThan((top?.y ?? 0) + (top?.height ?? 0));
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(page.viewportSize()?.height ?? 0);
  });
});

test("between a desk and a phone the tables fit as well", async () => {
  const { page, close } = await shelf.visitAs(browser, ada);
  for (const width of [1000, 961, 959, 760, 700, 320]) {
    await page.setViewportSize({ width, height: 900 });
    for (const path of [paths.account(), paths.sessions(), paths.tokens()]) {
      await page.goto(path);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([width, path, Math.max(0, beyond)]).toEqual([width, path, 0]);
    }
  }
  await close();
});

describe("with nothing but keys", () => {
  let guest: Visit;
  let page: Page;
  beforeAll(async () => {
    const grace = await shelf.addUser("Grace");
    createApiToken(shelf.app.deps, grace, { name: "Old one", scopes: ["read"] });
    await startSession(shelf.app.deps, grace);
    guest = await shelf.visitAs(browser, grace);
    page = guest.page;
  });
  afterAll(() => guest.close());

  test.each([paths.account(), paths.sessions(), paths.tokens()])(
    "%s: Tab goes round, and where it is can always be seen",
    async (path) => {
      await page.goto(path);
      const stops = await walkRound(page);
      expect(stops.length).toBeGreaterThan(10);
      expect(stops.filter(({ ring, inside }) => !ring || !inside)).toEqual([]);
    },
  );

  test("from the menu to a new name", async () => {
    await page.goto(paths.gallery());
    await tabTo(page, "Account");
    await page.keyboard.press("Enter");
    await tabTo(page, "Account");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shelf.origin}${paths.account()}`);
    await tabTo(page, "Your name");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Grace H.");
    await page.keyboard.press("Enter");
    await page.getByText("Your name is changed.").waitFor();
  });

  test("a session is ended, and the rest stay", async () => {
    await tabTo(page, "Sessions");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
    expect(await page.locator("#sessions tbody tr").count()).toBe(2);
    await tabTo(page, "End");
    await page.keyboard.press("Enter");
    await page.getByText("1 session is open.").waitFor();
    expect(await page.locator("#sessions tbody tr").count()).toBe(1);
    expect(await page.getByText("This one", { exact: true }).count()).toBe(1);
  });

  test("a token is made, copied and revoked", async () => {
    await tabTo(page, "API tokens");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "API tokens" }).waitFor();
    await tabTo(page, "New token");
    await page.keyboard.press("Enter");
    await tabTo(page, "Name");
    await page.keyboard.type("Nightly");
    // The sentence under a choice is part of its name.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    expect(await page.getByLabel("Download").isChecked()).toBe(true);
    await tabTo(page, "90 days");
    await page.keyboard.press("ArrowLeft");
    expect(await page.getByLabel("30 days").isChecked()).toBe(true);
    await tabTo(page, "Make the token");
    await page.keyboard.press("Enter");
    await page.getByText("“Nightly” is made").waitFor();
    await focusIsOn(page, "The new token");
    const token = await page.getByLabel("The new token").inputValue();
    expect(await canCall(token)).toBe(true);
    await guest.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await tabTo(page, "Copy");
    await page.keyboard.press("Enter");
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);

    await tabTo(page, "Revoke");
    await page.keyboard.press("Enter");
    await focusIsOn(page, "Keep it");
    await page.keyboard.press("Enter");
    await focusIsOn(page, "Revoke");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await focusIsOn(page, "Revoke");
    expect(await canCall(token)).toBe(true);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+Tab");
    await focusIsOn(page, "Revoke the token");
    await page.keyboard.press("Enter");
    await page.locator("#tokens tr", { hasText: "Nightly" }).waitFor({ state: "detached" });
    expect(await page.locator("#tokens tbody tr").count()).toBe(1);
    expect(await canCall(token)).toBe(false);
    expect(guest.complaints).toEqual([]);
  });
});

test("a token that browsers may not put on the clipboard is copied the old way", async () => {
  const { page, close } = await shelf.visitAs(browser, ada);
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }),
  );
  const token = await makeToken(page, "For the old way");
  await button(page, "Copy").click();
  await page.getByText("Copied").waitFor();
  await page.goto(paths.gallery());
  await page.getByLabel("Search videos").press("ControlOrMeta+v");
  expect(await page.getByLabel("Search videos").inputValue()).toBe(token);
  await close();
});

test("a token that was shown is gone with the page", async () => {
  const { page, close } = await shelf.visitAs(browser, ada);
  const token = await makeToken(page, "Once");
  expect(page.url()).toBe(`${shelf.origin}${paths.tokens()}`);
  await page.goto(paths.sessions());
  // The browser has kept nothing that it could show there.
  await expect(page.goBack()).rejects.toThrow("ERR_CACHE_MISS");
  await page.waitForURL("chrome-error://chromewebdata/");
  await page.goto(paths.tokens());
  expect(await page.content()).not.toContain(token);
  await close();
});

test("another browser is thrown out, one at a time and all at once", async () => {
  const kay = await shelf.addUser("Kay");
  const [mine, phone, tv] = [
    await shelf.visitAs(browser, kay),
    await logInAs(
      kay,
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
    ),
    await logInAs(kay, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
  ];
  await mine.page.goto(paths.sessions());
  await button(mine.page, "End the session of Safari on iPhone").click();
  await mine.page.getByText("2 sessions are open.").waitFor();
  expect(await isThrownOut(phone)).toBe(true);
  expect(await isThrownOut(tv)).toBe(false);
  await button(mine.page, "Log out everywhere").click();
  await mine.page.waitForURL(/\/login/);
  expect(await isThrownOut(tv)).toBe(true);
  expect(await isThrownOut(mine)).toBe(true);
  await Promise.all([mine.close(), phone.close(), tv.close()]);
});

async function logInAs({ email }: User, userAgent: string): Promise<Visit> {
  const guest = await visit(browser, shelf.origin, "desktop", { userAgent });
  await logInOn(guest.page, email);
  return guest;
}

async function isThrownOut({ page }: Visit): Promise<boolean> {
  await page.goto(paths.downloads());
  return new URL(page.url()).pathname === "/login";
}

test("without scripts everything is done as well", async () => {
  const lin = await shelf.addUser("Lin");
  const { page, close } = await shelf.visitAs(browser, lin, "phone", { javaScriptEnabled: false });
  await page.goto(paths.account());
  await page.getByLabel("Your name").fill("Lin Q.");
  await button(page, "Save the name").click();
  await page.getByText("Your name is changed.").waitFor();

  await page.getByLabel("New e-mail").fill("lin.q@example.org");
  await current(page, "email").fill("not it");
  await button(page, "Change the e-mail").click();
  expect(await page.locator(".field-error").innerText()).toContain("This is not your password.");
  expect(await page.getByLabel("New e-mail").inputValue()).toBe("lin.q@example.org");
  await current(page, "email").fill(password);
  await button(page, "Change the e-mail").click();
  await page.getByText("Your e-mail address is changed.").waitFor();

  await current(page, "password").fill(password);
  await page.getByLabel("New password", { exact: true }).fill(newPassword);
  await button(page, "Change the password").click();
  await page.getByText("Your password is changed.").waitFor();

  const token = await makeToken(page, "By hand");
  expect(await canCall(token)).toBe(true);
  expect(await button(page, "Copy").isVisible()).toBe(false);
  await button(page, "Revoke By hand").click();
  await button(page, "Revoke the token").click();
  await page.getByText("You have no token yet.").waitFor();
  expect(await canCall(token)).toBe(false);

  await startSession(
    shelf.app.deps,
    shelf.app.deps.db.query.users.findFirst({ where: (row, { eq }) => eq(row.id, lin.id) }).sync() ?? lin,
  );
  await page.goto(paths.sessions());
  await button(page, "End the session of Unknown").click();
  await page.waitForURL(`${shelf.origin}${paths.sessions()}`);
  expect(await page.locator("#sessions tbody tr").count()).toBe(1);
  await button(page, "Log out everywhere").click();
  await page.waitForURL(/\/login/);
  await page.goto(paths.account());
  expect(page.url()).toContain("/login?next=");
  await close();
});
