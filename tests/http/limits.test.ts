import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { setPassword } from "../../src/features/accounts/accounts.ts";
import { createApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";

const minute = 60_000;
const hour = 60 * minute;

let app: TestApp;
let now: number;
const apps: TestApp[] = [];
beforeEach(() => void (now = Date.UTC(2026, 10, 20)));
afterAll(async () => {
  for (const one of apps) await one.close();
});

/** The program with these limits, whose clock stands still. */
function openWith(limits: Record<string, number>, settings: Record<string, string> = {}): TestApp {
  const named = Object.entries(limits).map(([name, most]) => [`HOMEREEL_LIMITS_${name}`, String(most)]);
  app = openTestApp({ ...Object.fromEntries(named), ...settings });
  app.deps.now = () => now;
  apps.push(app);
  return app;
}

/** So long a password is nobody's, and takes no time to check. */
const wrong = "x".repeat(1001);
const logIn = (email: string, secret = wrong) =>
  app.request("/api/v1/auth/login", json({ email, password: secret }));

/** Takes all of them; the last is the first that is refused, until `windowMs` are over. */
async function expectLimit(most: number, windowMs: number, attempt: (n: number) => Promise<Response>) {
  for (let n = 1; n <= most; n++) expect([n, (await attempt(n)).status]).not.toEqual([n, 429]);
  now += 10_000;
  const refused = await attempt(most + 1);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([
    429,
    String((windowMs - 10_000) / 1000),
  ]);
  expect(await refused.text()).toMatch(/Too many/);
  now += windowMs - 10_000 - 1;
  expect((await attempt(most + 2)).status).toBe(429);
  now += 1;
  expect((await attempt(most + 3)).status).not.toBe(429);
}

describe("logins", () => {
  test("into one account, by page and by API together, whatever its case and from wherever", async () => {
    openWith({ LOGINS_PER_ACCOUNT: 4 });
    const spellings = ["ada@example.org", " ADA@example.org", "Ada@Example.Org "];
    await expectLimit(4, 10 * minute, (n) => {
      const email = spellings[n % 3] ?? "";
      const headers = { host: `host${n}.example`, "x-forwarded-for": `192.0.2.${n}` };
      return n % 2 === 0
        ? logIn(email)
        : app.request("/login", { ...form({ email, password: wrong }), headers });
    });
  });

  test("from one address, whatever the accounts", async () => {
    openWith({ LOGINS_PER_ADDRESS: 3 });
    await expectLimit(3, 10 * minute, (n) => logIn(`someone${n}@example.org`));
  });

  test("keep the right password out too while there are too many, and one account does not shut another", async () => {
    openWith({ LOGINS_PER_ACCOUNT: 2 });
    const { user } = await addPerson(app, "ada");
    await setPassword(app.deps, null, user.id, password);
    for (let i = 0; i < 2; i++) expect((await logIn(user.email)).status).toBe(401);
    expect((await logIn(user.email, password)).status).toBe(429);
    expect((await logIn("bob@example.org")).status).toBe(401);
  });

  test("that succeed clear the account, and never the address: a stranger has an account too", async () => {
    openWith({ LOGINS_PER_ACCOUNT: 2, LOGINS_PER_ADDRESS: 4 });
    const { user } = await addPerson(app, "ada");
    await setPassword(app.deps, null, user.id, password);
    expect((await logIn(user.email)).status).toBe(401);
    expect((await logIn(user.email, password)).status).toBe(200);
    expect((await logIn(user.email)).status).toBe(401);
    expect((await logIn(user.email, password)).status).toBe(200);
    expect((await logIn("bob@example.org")).status).toBe(429);
  });

  test("count the password that somebody who is in is asked for once more", async () => {
    openWith({ LOGINS_PER_ACCOUNT: 2 });
    const { user } = await addPerson(app, "ada");
    await setPassword(app.deps, null, user.id, password);
    const { token } = (await (await logIn(user.email, password)).json()) as { token: string };
    await expectLimit(2, 10 * minute, () =>
      app.request("/api/v1/auth/password", {
        as: token,
        ...json({ current_password: wrong, new_password: `another ${password}` }),
      }),
    );
  });
});

describe("strangers", () => {
  test("make few accounts from one address", async () => {
    openWith({ REGISTRATIONS_PER_ADDRESS: 3 }, { HOMEREEL_AUTH_REGISTRATION: "open" });
    await addPerson(app, "admin", "admin");
    const values = (n: number) => ({ name: "Eve", email: `eve${n}@example.org`, password: "short" });
    await expectLimit(3, hour, (n) =>
      n % 2 === 0
        ? app.request("/register", form(values(n)))
        : app.request("/api/v1/auth/register", json(values(n))),
    );
  });

  const mail = {
    HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
    HOMEREEL_MAIL_URL: "smtp://127.0.0.1:1",
    HOMEREEL_MAIL_FROM: "homereel@example.org",
  };
  const forgot = (n: number, email: string) =>
    n % 2 === 0
      ? app.request("/forgot", form({ email }))
      : app.request("/api/v1/auth/forgot", json({ email }));

  test("have few mails sent to one person", async () => {
    openWith({ MAILS_PER_ACCOUNT: 2 }, mail);
    const spellings = ["ada@example.org", " ADA@example.org"];
    await expectLimit(2, hour, (n) => forgot(n, spellings[n % 2] ?? ""));
    expect((await forgot(1, "bob@example.org")).status).toBe(202);
  });

  test("have few mails sent from one address", async () => {
    openWith({ MAILS_PER_ADDRESS: 3 }, mail);
    await expectLimit(3, hour, (n) => forgot(n, `someone${n}@example.org`));
  });

  const codes: Record<string, (code: string) => Promise<Response>> = {
    "of a new password": (token) => app.request("/reset", form({ token, password })),
    "of a new password, looked at": (token) => app.request(`/reset?token=${token}`),
    "of a new password, by the API": (token) => app.request("/api/v1/auth/reset", json({ token, password })),
    "of a new address": (token) => app.request("/confirm-email", form({ token })),
    "of a new address, looked at": (token) => app.request(`/confirm-email?token=${token}`),
    "of an invitation, looked at": (token) => app.request(`/register?invite=${token}`),
    "of the set-up": (token) => app.request("/setup", form({ token })),
  };
  test.each(Object.keys(codes))("try few codes: %s", async (name) => {
    openWith({ CODES_PER_ADDRESS: 3 });
    await expectLimit(3, 10 * minute, (n) => codes[name]?.(`code${n}`) ?? Promise.reject(new Error(name)));
  });
});

describe("the API", () => {
  test("answers each token and session so many calls a minute, and none pays for another", async () => {
    openWith({ API_PER_MINUTE: 10 });
    const person = await addPerson(app, "ada");
    const newToken = (name: string) =>
      createApiToken(app.deps, person.user, { name, scopes: ["read"] }).token;
    const [one, two] = [newToken("one"), newToken("two")];
    const call = (as: string) => app.request("/api/v1/videos", { as });
    await expectLimit(10, minute, () => call(one));
    for (let i = 0; i < 12; i++) await call(one);
    expect((await call(one)).status).toBe(429);
    expect((await call(two)).status).toBe(200);
    expect((await call(person.token)).status).toBe(200);
    // Pages are no calls.
    expect((await app.request("/", { as: one })).status).toBe(200);
  });

  test("counts those without a token by address, for what is open to them", async () => {
    openWith({ API_PER_MINUTE: 10 });
    await expectLimit(10, minute, (n) => logIn(`someone${n % 3}@example.org`));
  });

  test("says so as problem details", async () => {
    openWith({ API_PER_MINUTE: 10 });
    const { token } = await addPerson(app, "ada");
    let last = await app.request("/api/v1/videos", { as: token });
    for (let i = 0; i < 10; i++) last = await app.request("/api/v1/videos", { as: token });
    expect(last.headers.get("content-type")).toBe("application/problem+json");
    expect(await last.json()).toMatchObject({ code: "rate_limited", status: 429 });
  });
});
