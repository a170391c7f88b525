import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import type { User } from "../../src/db/schema.ts";
import { createInvite, createUser, getUser, listInvites } from "../../src/features/accounts/accounts.ts";
import { paths } from "../../src/paths.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser } from "../fixtures/browser.ts";
import type { Size, Visit } from "../fixtures/browser.ts";
import { focusIsOn, tabTo, walkRound } from "../fixtures/keys.ts";
import { addWaiting, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";

setDefaultTimeout(60_000);

const unbroken = "without-any-space-".repeat(5);

let browser: Browser;
/** On the second, nobody can register. */
const [shelf, closed]: [Shelf, Shelf] = [openShelf(), openShelf({ HOMEREEL_AUTH_REGISTRATION: "closed" })];
let ada: User;
/** Has videos; `cleo` is disabled. */
let ben: User;
beforeAll(async () => {
  browser = await openBrowser();
  ada = await shelf.addUser("Ada", "admin");
  await closed.addUser("Ada", "admin");
  ben = await add("Ben");
  for (const title of ["One", "Two"]) addWaiting(shelf.app, ben, { title });
  const long = { name: unbroken, email: `${"x".repeat(60)}@${"y".repeat(60)}.example.org`, role: "viewer" };
  await createUser(shelf.app.deps, ada, long);
  createInvite(shelf.app.deps, ada, { role: "viewer", email: "gina@example.org" });
});
afterAll(async () => {
  await browser.close();
  await Promise.all([shelf.close(), closed.close()]);
});

/** Without a password, which takes its time to be hashed. */
const add = (name: string, role = "user") =>
  createUser(shelf.app.deps, null, { name, email: `${name.toLowerCase()}@example.org`, role });
const userNow = ({ id }: User) => getUser(shelf.app.deps, id);
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const row = (page: Page, { id }: User) => page.locator(`#person-${id}`);
const fold = (page: Page, name: string) => page.locator("main summary", { hasText: name }).click();

interface Room {
  name: string;
  path: () => string;
  at?: "closed";
  first?: (page: Page) => Promise<unknown>;
  /** What the console is expected to say of an answer that is one. */
  status?: number;
}

const rooms: Room[] = [
  { name: "overview", path: paths.admin },
  { name: "people", path: paths.people },
  { name: "people, none found", path: () => paths.people({ q: "zebra" }) },
  { name: "people, another role chosen", path: paths.people, first: chooseRole },
  { name: "new person", path: paths.newPerson },
  { name: "new person, wrong", path: paths.newPerson, first: makeWrongly, status: 409 },
  { name: "person", path: () => paths.person(ben.id), first: unfold },
  { name: "person, a link", path: () => paths.person(ben.id), first: makeLink },
  { name: "person, undecided", path: () => paths.person(ben.id), first: deleteUndecided, status: 409 },
  { name: "oneself", path: () => paths.person(ada.id), first: unfold },
  { name: "invitations", path: paths.invites, first: unfold },
  { name: "invitations, closed", path: paths.invites, at: "closed" },
  { name: "audit log", path: paths.audit },
  { name: "audit log, nothing", path: () => paths.audit({ q: "zebra" }) },
];

describe.each(["desktop", "phone"] as const)("on a %s", (size: Size) => {
  let open: Visit;
  let shut: Visit;
  beforeAll(async () => {
    open = await shelf.visitAs(browser, ada, size);
    shut = await closed.visitAs(browser, ada, size);
    for (const { page } of [open, shut]) await bringAxe(page);
  });
  afterAll(() => Promise.all([open.close(), shut.close()]));

  test.each(rooms)("$name: nothing hinders, nothing complains, nothing sticks out", async (room) => {
    const { page, complaints } = room.at === "closed" ? shut : open;
    complaints.length = 0;
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(room.path());
    await room.first?.(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(await hindrances(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await hindrances(page, { runOnly: ["color-contrast"] })).toEqual([]);
    expect(complaints.filter((text) => !text.includes(`status of ${room.status}`))).toEqual([]);
  });
});

describe("in place", () => {
  let guest: Visit;
  let page: Page;
  beforeAll(async () => {
    guest = await shelf.visitAs(browser, ada);
    page = guest.page;
  });
  afterAll(() => guest.close());

  /** A page that was loaded anew has forgotten it. */
  const mark = () => page.evaluate(() => void (window.sameAsBefore = true));
  const isSame = () => page.evaluate(() => window.sameAsBefore === true);

  test("people are found while one types", async () => {
    await page.goto(paths.people());
    await mark();
    await page.getByLabel("Find people").pressSequentially("ben@");
    await page.getByText("1 person with “ben@”").waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByLabel("Find people").fill("zebra");
    await page.getByRole("heading", { name: "Nobody found" }).waitFor();
    await page.getByLabel("Find people").fill("");
    await row(page, ada).waitFor();
    expect(await isSame()).toBe(true);
  });

  test("a role is saved by the button that appears with another choice", async () => {
    const dora = await add("Dora");
    await page.goto(paths.people({ q: "dora" }));
    await mark();
    const save = button(page, "Save the role of Dora");
    expect(await save.isVisible()).toBe(false);
    await page.getByLabel("Role of Dora").selectOption("Viewer");
    expect(userNow(dora).role).toBe("user");
    await save.click();
    await page.waitForFunction(() =>
      document.querySelector("option[value=viewer]")?.hasAttribute("selected"),
    );
    expect(await save.isVisible()).toBe(false);
    expect(userNow(dora).role).toBe("viewer");
    expect(await isSame()).toBe(true);
  });

  test("an account is disabled and enabled, and what was looked for stays", async () => {
    const emil = await add("Emil");
    await page.goto(paths.people());
    await page.getByLabel("Find people").fill("emil");
    await page.getByText("1 person with “emil”").waitFor();
    await mark();
    await button(page, "Disable Emil").click();
    await row(page, emil).getByText("Disabled").waitFor();
    expect(userNow(emil).disabledAt).not.toBeNull();
    await button(page, "Enable Emil").click();
    await button(page, "Disable Emil").waitFor();
    expect(userNow(emil).disabledAt).toBeNull();
    expect(await page.locator("tbody tr").count()).toBe(1);
    expect(await isSame()).toBe(true);
  });

  test("what can't be done is said, and the list stays", async () => {
    const fay = await add("Fay");
    await page.goto(paths.people({ q: "fay" }));
    shelf.app.deps.db.$client.prepare("DELETE FROM users WHERE id = ?").run(fay.id);
    await button(page, "Disable Fay").click();
    await page.getByText("There is no such account.").waitFor();
    expect(await row(page, fay).count()).toBe(1);
  });

  test("oneself is changed on one's own page only", async () => {
    await page.goto(paths.people({ q: "ada" }));
    expect(await row(page, ada).getByRole("button").count()).toBe(0);
    expect(await row(page, ada).innerText()).toContain("You");
  });

  test("a link is copied", async () => {
    await guest.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.goto(paths.person(ben.id));
    await makeLink(page);
    const link = await page.getByLabel("The link").inputValue();
    expect(link).toStartWith(`${shelf.origin}/reset?token=`);
    await button(page, "Copy").click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await page.reload();
    expect(await page.getByLabel("The link").count()).toBe(1);
    expect(await page.getByLabel("The link").inputValue()).not.toBe(link);
  });

  test("an invitation is withdrawn", async () => {
    createInvite(shelf.app.deps, ada, { role: "user", email: "hal@example.org" });
    await page.goto(paths.invites());
    await mark();
    await button(page, "Withdraw the invitation for hal@example.org").click();
    await page.getByText("hal@example.org").first().waitFor({ state: "detached" });
    expect(listInvites(shelf.app.deps).map(({ email }) => email)).not.toContain("hal@example.org");
    expect(await isSame()).toBe(true);
    expect(guest.complaints.filter((text) => !text.includes("status of 404"))).toEqual([]);
  });
});

test("a person is made, changed and deleted with nothing but keys", async () => {
  const guest = await shelf.visitAs(browser, ada);
  const { page } = guest;
  try {
    await page.goto(paths.people());
    await tabTo(page, "New person");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${paths.newPerson()}`);
    await focusIsOn(page, "Name");
    await page.keyboard.type("Iris");
    await page.keyboard.press("Tab");
    await page.keyboard.type("iris@example.org");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "Make the account", 8);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "A link for Iris" }).waitFor();
    await focusIsOn(page, "The link");

    await page.goto(paths.people({ q: "iris" }));
    expect(await page.getByLabel("Role of Iris").inputValue()).toBe("user");
    await tabTo(page, "Iris");
    expect((await walkRound(page)).filter(({ ring, inside }) => !ring || !inside)).toEqual([]);
    await page.goto(paths.people({ q: "iris" }));
    await tabTo(page, "Iris");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Iris" }).waitFor();
    await tabTo(page, "Delete the account");
    await page.keyboard.press("Enter");
    await tabTo(page, "Delete this account", 3);
    await page.keyboard.press("Enter");
    await page.getByText("The account is deleted.").waitFor();
    await page.goto(paths.people({ q: "iris" }));
    await page.getByText("Nobody found").waitFor();
  } finally {
    await guest.close();
  }
});

test("all of it works without scripts", async () => {
  const guest = await shelf.visitAs(browser, ada, "desktop", { javaScriptEnabled: false });
  const { page } = guest;
  try {
    const kim = await add("Kim");
    addWaiting(shelf.app, kim, { title: "Kim's own" });
    await page.goto(paths.people());
    await page.getByLabel("Find people").fill("kim");
    await button(page, "Find").click();
    await page.getByText("1 person with “kim”").waitFor();
    await page.getByLabel("Role of Kim").selectOption("Admin");
    await button(page, "Save the role of Kim").click();
    await page.waitForURL(/q=kim/);
    expect(userNow(kim).role).toBe("admin");
    await button(page, "Disable Kim").click();
    await button(page, "Enable Kim").click();

    await page.getByRole("link", { name: "Kim" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Kimberley");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await button(page, "Save").click();
    expect(await page.locator(".field-error").innerText()).toContain("There is an account with the e-mail");
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Kimberley");
    await page.getByLabel("E-mail").fill("kimberley@example.org");
    await button(page, "Save").click();
    await page.getByText("Saved.").waitFor();

    await fold(page, "Set a password");
    await page.getByLabel("New password").fill("short");
    await button(page, "Set the password").click();
    expect(await page.locator(".field-error").innerText()).toContain("shorter than 10 characters");
    await button(page, "Make a link that sets a new password").click();
    await page.getByRole("heading", { name: "A link for Kimberley" }).waitFor();
    expect(await button(page, "Copy").isVisible()).toBe(false);

    await fold(page, "Delete the account");
    await page.getByRole("radio", { name: /^Hand it over/ }).check();
    await page.getByLabel("To", { exact: true }).selectOption({ label: "Ben (ben@example.org)" });
    await button(page, "Delete this account").click();
    await page.getByText("The account is deleted.").waitFor();
    const owner = shelf.app.deps.db.$client.prepare("SELECT owner_id FROM videos WHERE title = ?").pluck();
    expect(owner.get("Kim's own")).toBe(ben.id);

    await page.goto(paths.audit());
    await page.getByLabel("What happened").selectOption("Deleted an account");
    await page.getByLabel("Whom or where").fill("kimberley");
    await button(page, "Filter").click();
    const told = await page.locator("tbody").innerText();
    expect(told).toContain("1 video handed over to ben@example.org");
    expect(told).toContain("127.0.0.1");
    expect(await page.locator("tbody tr").count()).toBe(1);

    await page.goto(paths.invites());
    await fold(page, "New invitation");
    await button(page, "Make the invitation").click();
    const link = await page.getByLabel("The link").inputValue();
    expect(link).toStartWith(`${shelf.origin}/register?invite=`);
    await button(page, "Withdraw the invitation for whoever has the link").click();
    expect((await fetch(link)).status).toBe(403);
  } finally {
    await guest.close();
  }
});

test("the last admin is told what to do", async () => {
  const guest = await closed.visitAs(browser, ada);
  const { page } = guest;
  try {
    await page.goto(paths.people());
    await page.getByRole("link", { name: "Ada" }).click();
    await fold(page, "Disable the account");
    await button(page, "Disable my account").click();
    const notice = page.getByRole("alert");
    expect(await notice.innerText()).toContain("Make somebody else an admin first.");
    expect(await notice.evaluate((one) => one.getBoundingClientRect().top < innerHeight)).toBe(true);
  } finally {
    await guest.close();
  }
});

function chooseRole(page: Page) {
  return page.getByLabel("Role of Ben").selectOption("Viewer");
}

async function makeWrongly(page: Page) {
  await page.getByText("I set it now").click();
  await page.getByLabel("Name", { exact: true }).fill("Ben");
  await page.getByLabel("E-mail").fill("ben@example.org");
  await page.getByLabel("Their password").fill("a long password");
  await button(page, "Make the account").click();
  await page.locator(".field-error").waitFor();
}

async function makeLink(page: Page) {
  await button(page, "Make a link that sets a new password").click();
  await page.getByLabel("The link").waitFor();
}

/** As a program would send it: browsers ask for a choice first. */
async function deleteUndecided(page: Page) {
  await fold(page, "Delete the account");
  await page
    .locator("#delete input")
    .evaluateAll((all) => all.forEach((one) => one.removeAttribute("required")));
  await button(page, "Delete this account").click();
  await page.getByRole("alert").waitFor();
}

async function unfold(page: Page) {
  await page.locator("main details").evaluateAll((all) => {
    for (const one of all as HTMLDetailsElement[]) one.open = true;
  });
  const over = page.getByText("Hand them over");
  if (await over.count()) await over.click();
}

declare global {
  interface Window {
    sameAsBefore?: boolean;
  }
}
