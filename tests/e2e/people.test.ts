import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../scripts/checks/http.ts";
import { password } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSmtp } from "../fixtures/smtp.ts";
import type { Smtp } from "../fixtures/smtp.ts";

setDefaultTimeout(60_000);

// One story, in order: from the link in the log to a browser that is thrown out.
let browser: Browser;
let smtp: Smtp;
let data: ReturnType<typeof newDataDir>;
let server: Server;
let admin: Visit;
let phone: Visit;
let laptop: Visit;
beforeAll(async () => {
  [browser, smtp] = await Promise.all([openBrowser(), startSmtp()]);
  data = newDataDir();
  const port = freePort();
  server = await startServer({
    dataDir: data.path,
    withAdmin: false,
    settings: {
      HOMEREEL_SERVER_PORT: String(port),
      HOMEREEL_SERVER_PUBLIC_URL: `http://127.0.0.1:${port}`,
      HOMEREEL_MAIL_URL: smtp.url,
      HOMEREEL_MAIL_FROM: "Homereel <homereel@example.org>",
    },
  });
  [admin, phone, laptop] = await Promise.all([
    visit(browser, server.origin),
    visit(browser, server.origin, "phone"),
    visit(browser, server.origin),
  ]);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await smtp.stop();
  data.remove();
});

const newPassword = "another battery horse";
const passwordField = (page: Page) => page.getByLabel("Password", { exact: true });
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** Links in mails and pages begin with `server.public_url`. */
function linkIn(text: string, path: string): string {
  const link = new RegExp(`http://127\\.0\\.0\\.1:\\d+${path}\\?\\S+`).exec(text)?.[0];
  if (!link) throw new Error(`no link to ${path} in: ${text}`);
  return link;
}

async function logIn(page: Page, email: string, secret: string) {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await passwordField(page).fill(secret);
  await page.getByLabel("E-mail").press("Enter");
}

test("the printed link makes the first admin, who lands on the administration after logging in", async () => {
  const { page } = admin;
  await page.goto(server.setupLink ?? "no set-up link was printed");
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("E-mail").fill("ada@example.org");
  await passwordField(page).fill(password);
  await press(page, "Make the account");
  await page.waitForURL(`${server.origin}/`);
  await page.getByRole("button", { name: "Account" }).click();
  await press(page, "Log out");
  await page.waitForURL(/\/login/);
  await logIn(page, "ada@example.org", password);
  await page.waitForURL(`${server.origin}/admin`);
});

test("an invitation is mailed, and makes a user", async () => {
  const { page } = admin;
  await page.goto("/admin/invites");
  await page.getByLabel("E-mail").fill("bob@example.org");
  await page.getByRole("radio", { name: /^User/ }).check();
  await press(page, "Make the invitation");
  await page.getByText("The invitation is on its way").waitFor();
  const mail = await smtp.next();
  expect(mail.to).toEqual(["bob@example.org"]);

  await phone.page.goto(linkIn(mail.text, "/register"));
  await phone.page.getByLabel("Your name").fill("Bob");
  await passwordField(phone.page).fill(password);
  await press(phone.page, "Make the account");
  await phone.page.waitForURL(`${server.origin}/`);
  await phone.page.getByText("Add").first().waitFor();
});

test("a forgotten password is set anew with the mailed link, which ends the old session", async () => {
  const { page } = laptop;
  await page.goto("/login");
  await page.getByRole("link", { name: /forgot/i }).click();
  await page.getByLabel("E-mail").fill("bob@example.org");
  await press(page, "Send the link");
  const mail = await smtp.next();
  expect(mail.to).toEqual(["bob@example.org"]);
  const link = linkIn(mail.text, "/reset");
  await page.goto(link);
  await page
    .getByLabel(/password/i)
    .first()
    .fill(newPassword);
  await page.getByRole("button", { name: /set|change|save/i }).click();
  await page
    .getByText(/password is changed/i)
    .first()
    .waitFor();
  expect((await smtp.next()).subject).toMatch(/password/i);

  await phone.page.goto("/");
  await phone.page.waitForURL(/\/login/);
  await page.goto(link);
  await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
});

test("logging out everywhere ends the session of the other browser", async () => {
  await logIn(phone.page, "bob@example.org", password);
  await phone.page.getByText("E-mail or password is wrong").waitFor();
  await logIn(phone.page, "bob@example.org", newPassword);
  await phone.page.waitForURL(`${server.origin}/`);
  await logIn(laptop.page, "bob@example.org", newPassword);
  await laptop.page.waitForURL(`${server.origin}/`);

  await laptop.page.goto("/account/sessions");
  expect(await laptop.page.locator("tbody tr").count()).toBe(2);
  await press(laptop.page, "Log out everywhere");
  await laptop.page.waitForURL(/\/login/);
  await phone.page.goto("/downloads");
  await phone.page.waitForURL(/\/login\?next=%2Fdownloads/);
});

test("the audit log tells it all, and no browser complained", async () => {
  const { page } = admin;
  await page.goto("/admin/audit");
  const told = await page.locator("main").innerText();
  for (const what of ["Logged out everywhere", "Changed a password", "Registered", "Made an invitation"]) {
    expect(told).toContain(what);
  }
  expect(told).not.toContain(newPassword);
  const refused = /401|403|422/;
  const complaints = [admin, phone, laptop].flatMap((one) => one.complaints);
  expect(complaints.filter((one) => !refused.test(one))).toEqual([]);
});
