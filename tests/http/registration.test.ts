import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  changeAccount,
  createInvite,
  createUser,
  deleteAccount,
  disableAccount,
  getUserByEmail,
  listAudit,
  listInvites,
  listPeople,
  revokeInvite,
} from "../../src/features/accounts/accounts.ts";
import type { User } from "../../src/features/accounts/accounts.ts";
import type { Role } from "../../src/lib/permissions.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";

const day = 86_400_000;
const register = "/api/v1/auth/register";

const problemOf = async (response: Response) =>
  (await response.json()) as { code: string; title: string; detail: string; field?: string };
const secretOf = (path: string | null) => new URLSearchParams(path?.split("?")[1]).get("invite") ?? "";
const account = (name: string) => ({ name, email: `${name}@example.org`, password });

interface House {
  app: TestApp;
  admin: User;
}

const houses: TestApp[] = [];
afterAll(() => Promise.all(houses.map((app) => app.close())));

/** A Homereel of its own, with an admin. */
async function openHouse(mode: "closed" | "invite" | "open", settings: Record<string, string> = {}) {
  const roomy = { HOMEREEL_LIMITS_REGISTRATIONS_PER_ADDRESS: "1000" };
  const app = openTestApp({ HOMEREEL_AUTH_REGISTRATION: mode, ...roomy, ...settings });
  houses.push(app);
  return { app, admin: await createUser(app.deps, null, { ...account("ada"), name: "Ada", role: "admin" }) };
}

function invite({ app, admin }: House, input: { role?: Role; email?: string } = {}): string {
  return secretOf(createInvite(app.deps, admin, { role: "viewer", ...input }).path);
}

const hasAccount = ({ app }: House, email: string) =>
  listPeople(app.deps).items.some((one) => one.email === email);

describe("registration that is closed", () => {
  let house: House;
  beforeAll(async () => (house = await openHouse("closed")));

  test("says so, and offers nothing but logging in", async () => {
    const page = await house.app.request("/register");
    expect(page.status).toBe(403);
    const html = await page.text();
    expect(html).toContain("Registration is closed.");
    expect(html).toContain("An admin can make an account for you.");
    expect(html).toContain('href="/login"');
    expect(html).not.toContain('name="password"');
    expect(await (await house.app.request("/login?invite=x")).text()).not.toContain("Make an account");
  });

  test("takes nobody, by form or by call", async () => {
    expect((await house.app.request("/register", form(account("eve")))).status).toBe(403);
    const call = await house.app.request(register, json(account("eve")));
    expect(call.status).toBe(403);
    expect((await problemOf(call)).code).toBe("registration_closed");
    expect(hasAccount(house, "eve@example.org")).toBe(false);
  });

  test("lets nobody be invited, and names the setting", () => {
    expect(() => createInvite(house.app.deps, house.admin, { role: "user" })).toThrow(
      expect.objectContaining({
        code: "registration_closed",
        hint: expect.stringContaining("[auth] registration"),
      }),
    );
  });

  test("takes no invitation of before it was closed", async () => {
    const { deps } = house.app;
    const before = { ...deps.config, auth: { ...deps.config.auth, registration: "invite" as const } };
    const { path } = createInvite({ ...deps, config: before }, house.admin, { role: "user" });
    expect((await house.app.request(path ?? "")).status).toBe(403);
    const call = await house.app.request(register, json({ ...account("late"), invite: secretOf(path) }));
    expect((await problemOf(call)).code).toBe("registration_closed");
  });
});

describe("registration that is open", () => {
  let house: House;
  beforeAll(async () => (house = await openHouse("open")));

  test("waits until there is an admin, whom nobody could make afterwards", async () => {
    const app = openTestApp({ HOMEREEL_AUTH_REGISTRATION: "open" });
    houses.push(app);
    expect(await (await app.request("/register")).text()).toContain("not set up yet");
    expect((await app.request("/register", form(account("first")))).status).toBe(403);
    expect((await app.request(register, json(account("first")))).status).toBe(403);
    const token = app.deps.setupToken.issue(app.deps.now());
    expect((await app.request("/setup", form({ token, ...account("ada") }))).status).toBe(303);
    expect((await app.request("/register", form(account("second")))).status).toBe(303);
  });

  test("switches with logging in on one page, and keeps where one was going", async () => {
    const login = await (await house.app.request("/login?next=/downloads")).text();
    expect(login).toContain('href="/register?next=%2Fdownloads"');
    const page = await (await house.app.request("/register?next=/downloads")).text();
    expect(page).toContain('href="/login?next=%2Fdownloads"');
    expect(page).toContain('name="next" value="/downloads"');
    const made = await house.app.request("/register", form({ ...account("onward"), next: "/downloads" }));
    expect(made.headers.get("location")).toBe("/downloads");
    const away = { ...account("away"), next: "https://evil.example/" };
    expect((await house.app.request("/register", form(away))).headers.get("location")).toBe("/");
  });

  test("logs in who registered, as a viewer", async () => {
    const made = await house.app.request("/register", form({ ...account("grace"), role: "admin" }));
    expect(made.status).toBe(303);
    expect(made.headers.get("location")).toBe("/");
    const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect((await house.app.request("/", { headers: { cookie } })).status).toBe(200);
    const user = getUserByEmail(house.app.deps, "grace@example.org");
    expect(user.role).toBe("viewer");
    expect(user.lastLoginAt).not.toBeNull();
    expect(listAudit(house.app.deps, { action: "account.register" }).items[0]).toMatchObject({
      actorName: "grace",
      subjectName: "grace@example.org",
      detail: "viewer",
    });
  });

  test("answers programs with a token, and gives the role of the configuration", async () => {
    const other = await openHouse("open", { HOMEREEL_AUTH_REGISTRATION_ROLE: "user" });
    const made = await other.app.request(register, json({ ...account("bot"), role: "admin" }));
    expect(made.status).toBe(201);
    const { token, user } = (await made.json()) as { token: string; user: { role: string } };
    expect(user.role).toBe("user");
    expect((await other.app.request("/api/v1/auth/verify", { as: token })).status).toBe(200);
  });

  test.each([
    ["no name", "name", { name: " \u0000\n " }, "Give a name."],
    ["a name of 101 letters", "name", { name: "x".repeat(101) }, "longer than 100"],
    ["half an address", "email", { email: "grace" }, "looks like name@example.org"],
    ["two addresses", "email", { email: "a@example.org,b@example.org" }, "looks like name@example.org"],
    ["a header", "email", { email: "a@example.org\r\nBcc: b@example.org" }, "looks like name@example.org"],
    ["a short password", "password", { password: "short" }, "shorter than 10"],
    ["an endless password", "password", { password: "x".repeat(1001) }, "longer than 1000"],
  ])("says what is wrong with %s", async (_, field, wrong, message) => {
    const values = { ...account("wrong"), ...wrong };
    const page = await house.app.request("/register", form(values));
    expect(page.status).toBe(422);
    const html = await page.text();
    expect(html).toContain(message);
    expect(html).toContain(`id="${field}-error"`);
    expect(html).toMatch(new RegExp(`<input id="${field}"[^>]* autofocus`));
    const problem = await problemOf(await house.app.request(register, json(values)));
    expect(problem).toMatchObject({ code: "invalid_input", field });
    expect(problem.title).toContain(message);
  });

  test.each([
    [{}, "name"],
    [{ name: "x", email: 7 }, "email"],
    [{ name: "x", email: "x@example.org", password: null }, "password"],
    [{ ...account("x"), invite: 1 }, "invite"],
  ])("refuses %p of a program", async (body, field) => {
    const response = await house.app.request(register, json(body));
    expect(response.status).toBe(422);
    expect(await problemOf(response)).toMatchObject({ code: "invalid_input", field });
  });

  test("keeps what was typed after a mistake, but no password", async () => {
    const values = { name: 'Grace "<b>', email: "grace(at)example.org", password: "a secret of mine" };
    const html = await (await house.app.request("/register", form(values))).text();
    expect(html).toContain('value="Grace &quot;&lt;b&gt;"');
    expect(html).toContain('value="grace(at)example.org"');
    expect(html).not.toContain("a secret of mine");
  });

  test("gives no address two accounts, whatever its case", async () => {
    const values = { ...account("eve"), email: " ADA@Example.org" };
    const page = await house.app.request("/register", form(values));
    expect(page.status).toBe(409);
    expect(await page.text()).toContain('id="email-error"');
    const twins = [1, 2].map(() => house.app.request(register, json(account("twin"))));
    const answers = await Promise.all(twins);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const lost = answers.find(({ status }) => status === 409);
    expect(lost && (await problemOf(lost))).toMatchObject({ code: "conflict", field: "email" });
  });

  test("shows names that are meant to do harm as text", async () => {
    const name = "\u202e<script>alert(1)</script>\r\nSet-Cookie: x";
    const made = await house.app.request("/register", form({ ...account("mallory"), name }));
    expect(made.status).toBe(303);
    const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(cookie).toStartWith("homereel=");
    const html = await (await house.app.request("/", { headers: { cookie } })).text();
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("\u202e");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt; Set-Cookie: x");
  });

  test("is nothing that another site's page can do", async () => {
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const response = await house.app.request("/register", { ...form(account("forged")), headers });
    expect(response.status).toBe(403);
    expect(hasAccount(house, "forged@example.org")).toBe(false);
  });

  test("is nothing for who is logged in", async () => {
    const as = await house.app.join("inside");
    expect((await house.app.request("/register?next=/downloads", { as })).headers.get("location")).toBe(
      "/downloads",
    );
    const posted = await house.app.request("/register", { ...form(account("again")), as });
    expect(posted.headers.get("location")).toBe("/");
    expect(hasAccount(house, "again@example.org")).toBe(false);
  });

  test("says that an invitation is over, and goes on without it", async () => {
    const html = await (await house.app.request("/register?invite=spent&next=/downloads")).text();
    expect(html).toContain("not valid any more");
    expect(html).toContain('href="/register?next=%2Fdownloads"');
    const call = await house.app.request(register, json({ ...account("stale"), invite: "spent" }));
    expect(await problemOf(call)).toMatchObject({ code: "link_invalid" });
  });

  test("takes the role of an invitation before that of the configuration", async () => {
    const secret = invite(house, { role: "user" });
    const made = await house.app.request(register, json({ ...account("chosen"), invite: secret }));
    expect(((await made.json()) as { user: { role: string } }).user.role).toBe("user");
  });
});

describe("registration by invitation", () => {
  let house: House;
  beforeAll(async () => (house = await openHouse("invite")));
  const open = (secret: string) => house.app.request(`/register?invite=${secret}`);
  const join = (secret: string, values: Record<string, string>) =>
    house.app.request("/register", form({ ...values, invite: secret }));

  test("takes nobody without one", async () => {
    const page = await house.app.request("/register");
    expect(page.status).toBe(403);
    expect(await page.text()).toContain("An account takes an invitation.");
    expect((await join("", account("eve"))).status).toBe(403);
    expect((await join("0".repeat(43), account("eve"))).status).toBe(403);
    expect(await (await house.app.request("/login")).text()).not.toContain("Make an account");
    expect(hasAccount(house, "eve@example.org")).toBe(false);
  });

  test("says who invites, and loses the invitation neither by switching nor by a mistake", async () => {
    const secret = invite(house);
    const html = await (await open(secret)).text();
    expect(html).toContain("<bdi>Ada</bdi> invites you");
    expect(html).toContain(`href="/login?invite=${secret}"`);
    const login = await (await house.app.request(`/login?invite=${secret}`)).text();
    expect(login).toContain(`href="/register?invite=${secret}"`);
    const wrong = form({ email: "x@example.org", password: "wrong", invite: secret });
    const refused = await (await house.app.request("/login", wrong)).text();
    expect(refused).toContain(`href="/register?invite=${secret}"`);
    const mistaken = await (await join(secret, { ...account("short"), password: "short" })).text();
    expect(mistaken).toContain(`name="invite" value="${secret}"`);
    expect((await join(secret, account("short"))).status).toBe(303);
  });

  test.each(["viewer", "user", "admin"] as const)("makes a %s of who was invited as one", async (role) => {
    const made = await join(invite(house, { role }), { ...account(`a-${role}`), role: "admin" });
    expect(made.status).toBe(303);
    expect(made.headers.get("location")).toBe("/");
    expect(getUserByEmail(house.app.deps, `a-${role}@example.org`).role).toBe(role);
    const [noted] = listAudit(house.app.deps, { action: "account.register" }).items;
    expect(noted?.detail).toBe(`${role}; invited by Ada`);
  });

  test("works once", async () => {
    const secret = invite(house);
    expect((await join(secret, account("once"))).status).toBe(303);
    const again = await join(secret, account("twice"));
    expect(again.status).toBe(403);
    expect(await again.text()).toContain("Ask who invited you for a new one.");
    expect((await open(secret)).status).toBe(403);
    expect(hasAccount(house, "twice@example.org")).toBe(false);
  });

  test("lets one of two in who come at the same moment", async () => {
    const secret = invite(house);
    const names = ["left", "right"];
    const calls = names.map((name) =>
      house.app.request(register, json({ ...account(name), invite: secret })),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403]);
    const lost = answers.find(({ status }) => status === 403);
    expect(lost && (await problemOf(lost))).toMatchObject({ code: "link_invalid" });
    expect(names.filter((name) => hasAccount(house, `${name}@example.org`))).toHaveLength(1);
    expect(listAudit(house.app.deps, { action: "account.register" }).items.slice(0, 2)).not.toMatchObject([
      { actorName: expect.stringMatching(/left|right/) },
      { actorName: expect.stringMatching(/left|right/) },
    ]);
  });

  test("can be for one address, and then for no other", async () => {
    const secret = invite(house, { email: " Grace@Example.org " });
    const html = await (await open(secret)).text();
    expect(html).toMatch(/<input id="email"[^>]* value="grace@example.org" readonly/);
    const other = await join(secret, account("eve"));
    expect(other.status).toBe(422);
    expect(await other.text()).toContain("This invitation is for grace@example.org.");
    expect((await join(secret, { ...account("grace"), email: "GRACE@example.org" })).status).toBe(303);
  });

  test("is not used up by an address that has an account", async () => {
    const secret = invite(house);
    expect((await join(secret, { ...account("eve"), email: "ada@example.org" })).status).toBe(409);
    expect((await join(secret, account("patient"))).status).toBe(303);
  });

  test("ends after a week for good, also when the clock is set back", async () => {
    const { deps } = house.app;
    const [secret, kept] = [invite(house), invite(house)];
    const realNow = deps.now;
    try {
      deps.now = () => realNow() + 7 * day - 60_000;
      expect((await open(secret)).status).toBe(200);
      deps.now = () => realNow() + 7 * day;
      expect((await open(secret)).status).toBe(403);
      expect((await join(secret, account("tardy"))).status).toBe(403);
      expect(listInvites(deps)).toEqual([]);
    } finally {
      deps.now = realNow;
    }
    expect((await open(secret)).status).toBe(403);
    expect((await open(kept)).status).toBe(200);
  });

  test("can be withdrawn once", async () => {
    const { deps } = house.app;
    const { invite: made, path } = createInvite(deps, house.admin, { role: "user", email: "w@example.org" });
    revokeInvite(deps, house.admin, made.id);
    expect((await house.app.request(path ?? "")).status).toBe(403);
    expect((await join(secretOf(path), account("w"))).status).toBe(403);
    expect(() => revokeInvite(deps, house.admin, made.id)).toThrow("no such invitation");
    const noted = listAudit(deps, { q: "w@example.org" }).items.map(({ action, actorName }) => [
      action,
      actorName,
    ]);
    expect(noted).toEqual([
      ["invite.revoke", "Ada"],
      ["invite.create", "Ada"],
    ]);
  });

  test("ends with the right of who made it to invite", async () => {
    const { deps } = house.app;
    const second = async (name: string) => {
      const admin = await createUser(deps, null, { ...account(name), role: "admin" });
      return { admin, secret: invite({ app: house.app, admin }, { role: "admin" }) };
    };
    const [demoted, disabled, gone] = [
      await second("demoted"),
      await second("disabled"),
      await second("gone"),
    ];
    const before = listInvites(deps).length;
    changeAccount(deps, null, demoted.admin.id, { role: "viewer" });
    disableAccount(deps, null, disabled.admin.id);
    deleteAccount(deps, null, gone.admin.id, "");
    for (const { secret } of [demoted, disabled, gone]) {
      expect((await open(secret)).status).toBe(403);
      expect((await join(secret, account("backdoor"))).status).toBe(403);
    }
    expect(listInvites(deps)).toHaveLength(before - 3);
    expect(hasAccount(house, "backdoor@example.org")).toBe(false);
  });

  test("is left alone by who is logged in already", async () => {
    const secret = invite(house);
    const as = await house.app.join("member");
    const page = await house.app.request(`/register?invite=${secret}`, { as });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("You are logged in already");
    const posted = await house.app.request("/register", { ...form({ ...account("x"), invite: secret }), as });
    expect(posted.headers.get("location")).toBe("/");
    expect((await open(secret)).status).toBe(200);
  });
});

describe("inviting", () => {
  let house: House;
  beforeAll(async () => (house = await openHouse("invite")));

  test("is for admins", async () => {
    const user = await createUser(house.app.deps, null, { ...account("user"), role: "user" });
    const { id } = createInvite(house.app.deps, house.admin, { role: "user" }).invite;
    const refused = expect.objectContaining({ code: "not_allowed" });
    expect(() => createInvite(house.app.deps, user, { role: "viewer" })).toThrow(refused);
    expect(() => revokeInvite(house.app.deps, user, id)).toThrow(refused);
  });

  test.each([
    [{}, "invalid_input", "role"],
    [{ role: "owner" }, "invalid_input", "role"],
    [{ role: "user", email: "grace" }, "invalid_input", "email"],
    [{ role: "user", email: "a@example.org, b@example.org" }, "invalid_input", "email"],
    [{ role: "user", email: "ADA@example.org" }, "conflict", "email"],
  ])("refuses %p", (input, code, field) => {
    expect(() => createInvite(house.app.deps, house.admin, input)).toThrow(
      expect.objectContaining({ code, field }),
    );
  });

  test.each([undefined, null, "", "  "])("takes the address %p for none", (email) => {
    expect(createInvite(house.app.deps, house.admin, { role: "user", email }).invite.email).toBeNull();
  });

  test("gives the secret once, keeps its hash only, and lists the newest first", () => {
    const { deps } = house.app;
    const older = createInvite(deps, house.admin, { role: "user" });
    const { invite: newer, path } = createInvite(deps, house.admin, { role: "viewer" });
    expect(path).toMatch(/^\/register\?invite=[\w-]{43}$/);
    const rows = JSON.stringify(deps.db.$client.prepare("SELECT * FROM account_links").all());
    expect(rows).toContain(newer.id);
    expect(rows).not.toContain(secretOf(path));
    expect(listInvites(deps).map(({ id }) => id)).toEqual(
      expect.arrayContaining([newer.id, older.invite.id]),
    );
    expect(listInvites(deps)[0]).toMatchObject({ id: newer.id, inviter: "Ada", role: "viewer" });
  });

  test("can't send anything where no mail is set up, and gives the link instead", () => {
    const input = { role: "user", email: "post@example.org", send: true };
    expect(createInvite(house.app.deps, house.admin, input).path).toContain("/register?invite=");
  });
});

describe("too many tries", () => {
  test("to register are slowed down, by form and by call, and say when to come back", async () => {
    const { app } = await openHouse("open", { HOMEREEL_LIMITS_REGISTRATIONS_PER_ADDRESS: "2" });
    for (const name of ["one", "two"]) {
      expect((await app.request("/register", form({ ...account(name), password: "short" }))).status).toBe(
        422,
      );
    }
    const page = await app.request("/register", form(account("three")));
    expect(page.status).toBe(429);
    expect(Number(page.headers.get("retry-after"))).toBeWithin(3500, 3601);
    const html = await page.text();
    expect(html).toContain("Too many tries.");
    expect(html).toContain('value="three@example.org"');
    const call = await app.request(register, json(account("three")));
    expect(call.status).toBe(429);
    expect(Number(call.headers.get("retry-after"))).toBeWithin(3500, 3601);
  });

  test("of invitations are slowed down", async () => {
    const { app } = await openHouse("invite", { HOMEREEL_LIMITS_CODES_PER_ADDRESS: "2" });
    for (const secret of ["a", "b"])
      expect((await app.request(`/register?invite=${secret}`)).status).toBe(403);
    const third = await app.request("/register?invite=c");
    expect(third.status).toBe(429);
    expect(Number(third.headers.get("retry-after"))).toBeWithin(1, 601);
    expect((await app.request("/register")).status).toBe(403);
  });

  test("to log in by form say when to come back", async () => {
    const { app } = await openHouse("invite", { HOMEREEL_LIMITS_LOGINS_PER_ACCOUNT: "1" });
    const wrong = form({ email: "ada@example.org", password: "wrong" });
    expect((await app.request("/login", wrong)).status).toBe(401);
    const second = await app.request("/login", form({ email: "ada@example.org", password }));
    expect(second.status).toBe(429);
    expect(Number(second.headers.get("retry-after"))).toBeWithin(1, 601);
  });
});
