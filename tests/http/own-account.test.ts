import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { User } from "../../src/db/schema.ts";
import { endAllSessions, listAudit } from "../../src/features/accounts/accounts.ts";
import { changeOwnPassword } from "../../src/features/accounts/own/own.ts";
import { startSession } from "../../src/features/accounts/sessions/sessions.ts";
import { createApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";
import { openShelf } from "../fixtures/shelf.ts";
import { startSmtp } from "../fixtures/smtp.ts";

const newPassword = "another long password";
const hostile = `<script>alert("1")</script>`;
const asText = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;";
const dayMs = 86_400_000;

let app: TestApp;
/** Who the test is about, in a session; everyone has an account of their own. */
let name: string;
let me: string;
let count = 0;
beforeAll(() => (app = openTestApp({ HOMEREEL_LIMITS_LOGINS_PER_ADDRESS: "1000" })));
afterAll(() => app.close());
beforeEach(async () => {
  name = `ada${++count}`;
  ({ token: me } = await addPerson(app, name));
});
/** The others have no password, and so none that takes time to be hashed. */
const withPassword = () =>
  beforeEach(async () => {
    name = `grace${count}`;
    me = await app.join(name);
  });

const pageOf = async (path: string, as = me) => (await app.request(path, { as })).text();
const post = (path: string, fields: Record<string, string> = {}, as = me) =>
  app.request(path, { ...form(fields), as });
const api = (path: string, init: RequestInit = {}, as = me) =>
  app.request(`/api/v1/auth${path}`, { ...init, as });
const statusOf = async (as: string) => (await app.request("/api/v1/auth/verify", { as })).status;
const logIn = (email = `${name}@example.org`, tried = password) =>
  app.request("/api/v1/auth/login", json({ email, password: tried }));
const logInAgain = async () => ((await (await logIn()).json()) as { token: string }).token;
const listOf = async <T>(path: string, as = me) =>
  ((await (await api(path, {}, as)).json()) as { items: T[] }).items;
const rowsOf = (table: "sessions" | "api_tokens") =>
  app.deps.db.$client.prepare(`SELECT * FROM ${table}`).all();
/** The field that is marked as wrong, by its id, and what is said about it. */
function complaintIn(html: string): { id: string | undefined; text: string } {
  const id = /<input id="([\w-]+)"[^>]*aria-invalid="true"/.exec(html)?.[1];
  const text = /class="field-error"[^>]*>.*?<span[^>]*>(.*?)<\/span>/s.exec(html)?.[1] ?? "";
  return { id, text };
}

describe("the pages", () => {
  test.each(["/account", "/account/sessions", "/account/tokens"])("%s is everyone's own", async (path) => {
    const viewer = await addPerson(app, `viewer${count}`, "viewer");
    expect((await app.request(path, { as: viewer.token })).status).toBe(200);
    expect((await app.request(path)).status).toBe(401);
    const { token } = tokenOf(await addPerson(app, `program${count}`, "admin"), ["read", "admin"]);
    expect((await app.request(path, { as: token })).status).toBe(403);
  });

  test("a form's address, loaded again, leads to its page", async () => {
    for (const path of ["/account/name", "/account/email", "/account/password"])
      expect((await app.request(path, { as: me })).headers.get("location")).toBe("/account");
  });

  test("only admins are shown the way to the administration", async () => {
    const { token: admin } = await addPerson(app, `admin${count}`, "admin");
    expect(await pageOf("/account", admin)).toContain('href="/admin"');
    expect(await pageOf("/account")).not.toContain('href="/admin"');
    expect(await pageOf("/account")).toContain('href="/account"');
  });
});

describe("the name", () => {
  test("is changed, and is text wherever it is shown", async () => {
    const changed = await post("/account/name", { name: ` ${hostile}\n` });
    expect(changed.status).toBe(303);
    const html = await pageOf(changed.headers.get("location") ?? "");
    expect(html).toContain("Your name is changed.");
    expect(html).toContain(asText);
    expect(html).not.toContain(hostile);
  });

  test.each(["", " \u0000 ", "x".repeat(101)])("is not changed to %j", async (wrong) => {
    const refused = await post("/account/name", { name: wrong });
    expect(refused.status).toBe(422);
    expect(complaintIn(await refused.text())).toMatchObject({ id: "name" });
    expect(await pageOf("/account")).toContain(`value="${name}"`);
  });

  test("is changed by programs", async () => {
    const changed = await api("/me", json({ name: "Ada L." }, "PATCH"));
    expect(await changed.json()).toMatchObject({ name: "Ada L.", email: `${name}@example.org` });
    expect((await api("/me", json({ name: "" }, "PATCH"))).status).toBe(422);
  });
});

describe("the e-mail", () => {
  withPassword();
  const change = (email: string, current_password = password) =>
    post("/account/email", { email, current_password });

  test("is not changed without the password, and says which field is wrong", async () => {
    const refused = await change("elsewhere@example.org", "not my password");
    expect(refused.status).toBe(422);
    const html = await refused.text();
    expect(complaintIn(html)).toEqual({ id: "email-current-password", text: "This is not your password. " });
    // What was typed stays, but no password does.
    expect(html).toContain("elsewhere@example.org");
    expect(html).not.toContain("not my password");
    expect((await logIn()).status).toBe(200);
  });

  test("changes at once where no mail can be sent, and the session goes on", async () => {
    const moved = `moved-${name}@example.org`;
    const changed = await change(moved);
    expect(changed.headers.get("location")).toBe("/account?done=email");
    const html = await pageOf("/account?done=email");
    expect(html).toContain(moved);
    expect(html).toContain("Your e-mail address is changed.");
    expect((await logIn()).status).toBe(401);
    expect((await logIn(moved)).status).toBe(200);
  });

  test.each(["", "nonsense", "a@b@c.org", "two@example.org, three@example.org"])(
    "is never %j",
    async (wrong) => {
      const refused = await change(wrong);
      expect(refused.status).toBe(422);
      expect(complaintIn(await refused.text()).id).toBe("email");
    },
  );

  test("is nobody else's", async () => {
    await addPerson(app, `taken${count}`);
    const refused = await change(`taken${count}@example.org`);
    expect(refused.status).toBe(409);
    expect(complaintIn(await refused.text()).id).toBe("email");
  });

  test("changes once its owner has opened the mailed link, and only a few links are mailed", async () => {
    const smtp = await startSmtp();
    const mailed = openTestApp({
      HOMEREEL_MAIL_URL: smtp.url,
      HOMEREEL_MAIL_FROM: "shelf@example.org",
      HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
      HOMEREEL_LIMITS_MAILS_PER_ACCOUNT: "2",
    });
    try {
      await mailed.start();
      const as = await mailed.join("grace");
      const ask = () =>
        mailed.request("/account/email", {
          ...form({ email: "new@example.org", current_password: password }),
          as,
        });
      expect((await ask()).headers.get("location")).toBe("/account?done=email-mailed");
      const page = await (await mailed.request("/account?done=email-mailed", { as })).text();
      expect(page).toContain("A link is on its way");
      expect(page).toContain("grace@example.org");
      const mail = await smtp.next();
      expect(mail.to).toEqual(["new@example.org"]);
      const token = /token=([\w-]+)/.exec(mail.text)?.[1] ?? "";
      expect((await mailed.request("/confirm-email", form({ token }))).status).toBe(200);
      expect(await (await mailed.request("/account", { as })).text()).toContain("new@example.org");

      const again = () =>
        mailed.request("/account/email", {
          ...form({ email: "third@example.org", current_password: password }),
          as,
        });
      expect([(await again()).status, (await again()).status]).toEqual([303, 303]);
      const enough = await again();
      expect(enough.status).toBe(429);
      expect(Number(enough.headers.get("retry-after"))).toBeGreaterThan(0);
    } finally {
      await mailed.close();
      await smtp.stop();
    }
  });
});

describe("the password", () => {
  withPassword();
  const change = (new_password: string, current_password = password, as = me) =>
    post("/account/password", { current_password, new_password }, as);

  test("is not changed without the one that is", async () => {
    const refused = await change(newPassword, "not my password");
    expect(refused.status).toBe(422);
    expect(complaintIn(await refused.text())).toEqual({
      id: "password-current-password",
      text: "This is not your password. ",
    });
    expect((await logIn()).status).toBe(200);
  });

  test.each([
    ["nothing", ""],
    ["9 characters", "too short"],
    ["1001 characters", "x".repeat(1001)],
  ])("is never %s", async (_name, wrong) => {
    const refused = await change(wrong);
    expect(refused.status).toBe(422);
    expect(complaintIn(await refused.text()).id).toBe("new_password");
    expect(await statusOf(me)).toBe(200);
  });

  test("can't be guessed by who found a browser open", async () => {
    for (let i = 0; i < 10; i++) expect((await change(newPassword, `guess ${i}`)).status).toBe(422);
    const right = await change(newPassword);
    expect(right.status).toBe(429);
    expect(Number(right.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await right.text()).toContain("Too many tries.");
    const program = await api("/password", json({ current_password: password, new_password: newPassword }));
    expect(program.status).toBe(429);
  });

  test("ends all other sessions, while this one goes on and tokens do", async () => {
    const other = await logInAgain();
    const { token } = (await (await api("/tokens", json({ name: "x", scopes: ["read"] }))).json()) as {
      token: string;
    };
    const headers = { cookie: `homereel=${me}`, "sec-fetch-site": "same-origin" };
    const fields = { current_password: password, new_password: newPassword };
    const changed = await app.request("/account/password", { ...form(fields), headers });
    expect(changed.status).toBe(303);
    const cookie = changed.headers.get("set-cookie") ?? "";
    expect(cookie).toContain("HttpOnly");
    const mine = cookie.split(";")[0] ?? "";
    const location = changed.headers.get("location") ?? "";
    const page = await app.request(location, { headers: { cookie: mine } });
    expect(await page.text()).toContain("Your password is changed.");
    // The token of before is worth nothing any more, wherever else it went.
    expect([await statusOf(other), await statusOf(me), await statusOf(token)]).toEqual([401, 401, 200]);
    expect(await listOf("/sessions", mine.split("=")[1])).toMatchObject([{ current: true }]);
    expect((await logIn()).status).toBe(401);
    expect((await logIn(undefined, newPassword)).status).toBe(200);
    expect(listAudit(app.deps, { action: "account.password", q: name }).items).toHaveLength(1);
  });

  test("is changed by programs, which get a new session", async () => {
    const input = { current_password: password, new_password: newPassword };
    const wrong = await api("/password", json({ ...input, current_password: "wrong" }));
    expect([wrong.status, ((await wrong.json()) as { field: string }).field]).toEqual([
      422,
      "current_password",
    ]);
    const short = await api("/password", json({ ...input, new_password: "short" }));
    expect([short.status, ((await short.json()) as { field: string }).field]).toEqual([422, "new_password"]);
    const changed = await api("/password", json(input));
    expect(changed.headers.get("cache-control")).toBe("no-store");
    const { token } = (await changed.json()) as { token: string };
    expect([await statusOf(token), await statusOf(me)]).toEqual([200, 401]);
  });

  test("stays as it is where the session ends while the new one is being hashed", async () => {
    const { user, credential } = await someone();
    const change = changeOwnPassword(app.deps, { user, credential }, newPassword);
    endAllSessions(app.deps, user, user);
    await expect(change).rejects.toThrow("Your session has ended.");
    expect(app.deps.db.$client.prepare("SELECT password_hash FROM users WHERE id = ?").get(user.id)).toEqual({
      password_hash: "",
    });
  });

  test("is told by mail, and ends the links that were open", async () => {
    const smtp = await startSmtp();
    const mailed = openTestApp({
      HOMEREEL_MAIL_URL: smtp.url,
      HOMEREEL_MAIL_FROM: "shelf@example.org",
      HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
    });
    try {
      await mailed.start();
      const as = await mailed.join("grace");
      await mailed.request("/forgot", form({ email: "grace@example.org" }));
      const secret = /token=([\w-]+)/.exec((await smtp.next()).text)?.[1] ?? "";
      expect((await mailed.request(`/reset?token=${secret}`)).status).toBe(200);
      const fields = { current_password: password, new_password: newPassword };
      expect((await mailed.request("/account/password", { ...form(fields), as })).status).toBe(303);
      const notice = await smtp.next();
      expect([notice.to, notice.subject]).toEqual([
        ["grace@example.org"],
        "Your password for Homereel was changed",
      ]);
      expect((await mailed.request(`/reset?token=${secret}`)).status).toBe(403);
    } finally {
      await mailed.close();
      await smtp.stop();
    }
  });

  test("is set without one by who has none, and asked for from then on", async () => {
    const { token } = await addPerson(app, `passwordless${count}`);
    expect(await pageOf("/account", token)).not.toContain("Current password");
    const email = `new-passwordless${count}@example.org`;
    expect((await post("/account/email", { email }, token)).status).toBe(303);
    const set = await post("/account/password", { new_password: newPassword }, token);
    expect(set.status).toBe(303);
    const mine = /homereel=([^;]+)/.exec(set.headers.get("set-cookie") ?? "")?.[1] ?? "";
    expect(await pageOf("/account", mine)).toContain("Current password");
    expect((await post("/account/password", { new_password: password }, mine)).status).toBe(422);
    expect((await logIn(email, newPassword)).status).toBe(200);
  });
});

describe("who comes through a trusted proxy", () => {
  test("sets a password without getting a session, and keeps the address that the proxy knows", async () => {
    const shelf = openShelf({
      HOMEREEL_SERVER_TRUSTED_PROXIES: "127.0.0.0/8",
      HOMEREEL_AUTH_PROXY_HEADER: "Remote-Email",
    });
    try {
      const { user } = await addPerson(shelf.app, "ada");
      const ask = (path: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        headers.set("remote-email", "ada@example.org");
        headers.set("sec-fetch-site", "same-origin");
        return fetch(shelf.origin + path, { redirect: "manual", ...init, headers });
      };
      const page = await (await ask("/account")).text();
      expect(page).not.toContain("New e-mail");
      expect(page).toContain("Set a password");
      expect((await ask("/account/email", form({ email: "new@example.org" }))).status).toBe(403);
      const set = await ask("/account/password", form({ new_password: newPassword }));
      expect([set.status, set.headers.get("set-cookie")]).toEqual([303, null]);
      const input = { current_password: newPassword, new_password: password };
      expect((await ask("/api/v1/auth/password", json(input))).status).toBe(204);
      expect(await (await ask("/account/sessions")).text()).toContain("you came in through a proxy");
      expect(
        shelf.app.deps.db.$client.prepare("SELECT * FROM sessions WHERE user_id = ?").all(user.id),
      ).toEqual([]);
    } finally {
      await shelf.close();
    }
  });
});

describe("sessions", () => {
  interface SessionJson {
    id: string;
    device: string;
    address: string;
    current: boolean;
  }
  const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
  const beginAs = async (userAgent: string, address = "192.0.2.7") => {
    const deps = { ...app.deps, from: { userAgent, address } };
    return startSession(deps, userOf(name));
  };

  test("are listed with device, address and last use, and which is this one", async () => {
    const other = await beginAs(firefox);
    const html = await pageOf("/account/sessions");
    expect(html).toContain("Firefox on Windows");
    expect(html).toContain("192.0.2.7");
    expect(html).toMatch(/<time datetime="[^"]+Z" title="[^"]+UTC">just now/);
    expect(html.match(/This one/g)).toHaveLength(1);
    const items = await listOf<SessionJson>("/sessions");
    expect(items.map(({ current }) => current).toSorted((a, b) => Number(a) - Number(b))).toEqual([
      false,
      true,
    ]);
    expect(items.find(({ id }) => id === other.id)).toMatchObject({
      device: "Firefox on Windows",
      address: "192.0.2.7",
      current: false,
    });
  });

  test("of devices that call themselves names are text", async () => {
    await beginAs(`${hostile}/1.0`);
    await beginAs(`\u202e${"x".repeat(5000)}`);
    const html = await pageOf("/account/sessions");
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toContain("\u202e");
    expect(html.length).toBeLessThan(40_000);
  });

  test("that are too many to be shown are counted", async () => {
    const start =
      "INSERT INTO sessions SELECT ?, user_id, device, address, 1, 1, expires_at FROM sessions WHERE user_id = ?";
    const { id } = userOf(name);
    app.deps.db.transaction(() => {
      for (let i = 0; i < 101; i++) app.deps.db.$client.prepare(`${start} LIMIT 1`).run(`${name}-${i}`, id);
    });
    const html = await pageOf("/account/sessions");
    expect(html.match(/<tr>/g)).toHaveLength(1 + 100);
    expect(html).toContain("And 2 more");
    expect(html).toContain("This one");
  });

  test("end one by one, at once", async () => {
    const [one, two] = [await beginAs(firefox), await beginAs(firefox)];
    expect(await statusOf(one.token)).toBe(200);
    expect((await post(`/account/sessions/${one.id}/end`)).headers.get("location")).toBe("/account/sessions");
    expect((await api(`/sessions/${two.id}`, { method: "DELETE" })).status).toBe(204);
    expect([await statusOf(one.token), await statusOf(two.token), await statusOf(me)]).toEqual([
      401, 401, 200,
    ]);
    expect((await post(`/account/sessions/${one.id}/end`)).status).toBe(404);
    expect(listAudit(app.deps, { action: "sessions.end", q: "Firefox" }).items.length).toBeGreaterThan(1);
  });

  test("of somebody else are not there", async () => {
    const { token: stranger } = await addPerson(app, `stranger${count}`, "admin");
    const [first] = await listOf<SessionJson>("/sessions");
    const id = first?.id ?? "";
    expect((await post(`/account/sessions/${id}/end`, {}, stranger)).status).toBe(404);
    expect((await api(`/sessions/${id}`, { method: "DELETE" }, stranger)).status).toBe(404);
    expect(await statusOf(me)).toBe(200);
    expect((await listOf<SessionJson>("/sessions", stranger)).some((one) => one.id === id)).toBe(false);
  });

  test.each([
    ["a button", () => post("/account/sessions/end-all"), 303],
    ["a call", () => api("/logout-everywhere", { method: "POST" }), 204],
  ])("end all at once by %s, this one too, and the browser forgets it", async (_name, end, status) => {
    const other = await beginAs(firefox);
    const ended = await end();
    expect(ended.status).toBe(status);
    if (status === 303) expect(ended.headers.get("location")).toBe("/login");
    expect(ended.headers.get("set-cookie")).toContain("Max-Age=0");
    expect([await statusOf(other.token), await statusOf(me)]).toEqual([401, 401]);
  });
});

describe("API tokens", () => {
  interface TokenJson {
    id: string;
    name: string;
    token: string;
    scopes: string[];
    expires_at: string | null;
    last_used_at: string | null;
  }
  const fields = { name: "Backup", "scope-read": "on", expires: "90" };
  const tokenIn = (html: string) => /hrl_[\w-]{43}/.exec(html)?.[0] ?? "";
  const make = async (input: object, as = me) =>
    (await (await api("/tokens", json({ name: "x", ...input }), as)).json()) as TokenJson;

  test("are shown once, kept by no cache, and stored as a hash", async () => {
    const made = await post("/account/tokens", fields);
    expect([made.status, made.headers.get("location")]).toEqual([200, null]);
    expect(made.headers.get("cache-control")).toBe("no-store");
    const token = tokenIn(await made.text());
    expect(await statusOf(token)).toBe(200);
    const later = await pageOf("/account/tokens");
    expect(later).toContain("Backup");
    expect(later).not.toContain("hrl_");
    expect(JSON.stringify(rowsOf("api_tokens"))).not.toContain(token);
    expect(JSON.stringify(listAudit(app.deps, { limit: 200 }))).not.toContain(token);
    expect(JSON.stringify(await listOf("/tokens"))).not.toMatch(/hrl_|hash/);
  });

  test("are told to programs once, with all there is to know", async () => {
    const made = await api(
      "/tokens",
      json({ name: "Backup", scopes: ["download", "read"], expires_in_days: 30 }),
    );
    expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
    const { token, ...rest } = (await made.json()) as TokenJson;
    expect(await statusOf(token)).toBe(200);
    expect(rest).toMatchObject({ name: "Backup", scopes: ["read", "download"], last_used_at: null });
    expect(Date.parse(rest.expires_at ?? "")).toBeCloseTo(Date.now() + 30 * dayMs, -5);
    const [listed] = await listOf<TokenJson>("/tokens");
    expect(listed).toMatchObject({ id: rest.id, last_used_at: expect.stringContaining("Z") });
  });

  test.each([
    ["30", 30],
    ["90", 90],
    ["365", 365],
    ["never", null],
  ])("expire as chosen: %s", async (expires, days) => {
    await post("/account/tokens", { ...fields, expires });
    const [token] = await listOf<TokenJson>("/tokens");
    if (days === null) expect(token?.expires_at).toBeNull();
    else expect(Date.parse(token?.expires_at ?? "")).toBeCloseTo(Date.now() + days * dayMs, -5);
  });

  test("expire in 90 days unless something else is chosen", async () => {
    await post("/account/tokens", { name: "Backup", "scope-read": "on" });
    expect(await pageOf("/account/tokens")).toContain("in 90 days");
  });

  test.each([
    ["no name", { name: " ", expires: "30", "scope-upload": "on" }],
    ["no scope", { name: "Backup", expires: "30" }],
    ["a time of its own", { ...fields, expires: "99999" }],
    ["no number of days", { ...fields, expires: "soon" }],
    ["a scope for others", { ...fields, "scope-admin": "on" }],
  ])("are not made with %s; what was chosen stays", async (_name, wrong) => {
    const refused = await post("/account/tokens", wrong);
    expect([403, 422]).toContain(refused.status);
    const html = await refused.text();
    expect(html).toMatch(/field-error|role="alert"/);
    expect(html).toContain(`value="${wrong.name}"`);
    if ("scope-upload" in wrong) expect(html).toMatch(/name="scope-upload" checked/);
    if (wrong.expires === "30") expect(html).toMatch(/value="30" checked/);
    expect(await listOf("/tokens")).toEqual([]);
  });

  test("have names of at most 100 characters, which are text", async () => {
    const html = await (
      await post("/account/tokens", { ...fields, name: `${hostile}${"x".repeat(200)}` })
    ).text();
    expect(html).not.toContain(hostile);
    expect(html).toContain(asText);
    expect([...((await listOf<TokenJson>("/tokens"))[0]?.name ?? "")]).toHaveLength(100);
  });

  test("are a hundred at the most", async () => {
    const user = userOf(name);
    app.deps.db.transaction(() => {
      for (let i = 0; i < 100; i++) createApiToken(app.deps, user, { name: `${i}`, scopes: ["read"] });
    });
    const refused = await post("/account/tokens", fields);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("Revoke one first.");
  });

  test("are nothing any more at once when revoked", async () => {
    const [one, two] = [await make({ scopes: ["read"] }), await make({ scopes: ["read"] })];
    expect((await post(`/account/tokens/${one.id}/revoke`)).status).toBe(303);
    expect((await api(`/tokens/${two.id}`, { method: "DELETE" })).status).toBe(204);
    expect([await statusOf(one.token), await statusOf(two.token)]).toEqual([401, 401]);
    expect((await post(`/account/tokens/${one.id}/revoke`)).status).toBe(404);
    expect(await pageOf("/account/tokens")).toContain("You have no token yet.");
  });

  test("are nothing any more when expired, also when the clock is set back", async () => {
    const { token } = await make({ scopes: ["read"], expires_in_days: 1 });
    const { deps } = app;
    expect(await statusOf(token)).toBe(200);
    try {
      deps.now = () => Date.now() + dayMs + 1000;
      expect(await statusOf(token)).toBe(401);
    } finally {
      deps.now = Date.now;
    }
    expect(await statusOf(token)).toBe(401);
  });

  test("of somebody else are not there", async () => {
    const { id, token } = await make({ scopes: ["read"] });
    const { token: stranger } = await addPerson(app, `stranger${count}`, "admin");
    expect((await post(`/account/tokens/${id}/revoke`, {}, stranger)).status).toBe(404);
    expect((await api(`/tokens/${id}`, { method: "DELETE" }, stranger)).status).toBe(404);
    expect(await statusOf(token)).toBe(200);
  });

  test("do what their scopes say and no more, and make no tokens", async () => {
    const { token } = await make({ scopes: ["read"] });
    expect((await app.request("/api/v1/videos", { as: token })).status).toBe(200);
    const download = json({ url: "https://example.org/clip" });
    expect((await app.request("/api/v1/downloads", { ...download, as: token })).status).toBe(403);
    const all = await make({ scopes: ["read", "download", "upload"] });
    for (const as of [token, all.token]) {
      expect((await api("/tokens", json({ name: "y", scopes: ["read"] }), as)).status).toBe(403);
      expect((await post("/account/tokens", fields, as)).status).toBe(403);
      expect((await api("/sessions", {}, as)).status).toBe(403);
      expect((await api("/me", json({ name: "Eve" }, "PATCH"), as)).status).toBe(403);
      expect((await api("/logout-everywhere", { method: "POST" }, as)).status).toBe(403);
    }
    expect(await statusOf(me)).toBe(200);
  });

  test.each(["viewer", "user"] as const)("that administer are made by no %s", async (role) => {
    const { token: as } = await addPerson(app, `${role}-${count}`, role);
    expect((await api("/tokens", json({ name: "x", scopes: ["read", "admin"] }), as)).status).toBe(403);
    expect((await post("/account/tokens", { ...fields, "scope-admin": "on" }, as)).status).toBe(403);
    const html = await pageOf("/account/tokens", as);
    expect(html).not.toContain("scope-admin");
    expect(html.includes("scope-download")).toBe(role === "user");
  });

  test("of an admin see others' private videos with the scope for it only", async () => {
    const owner = await addPerson(app, `owner${count}`);
    const id = addVideo(app, owner.user, "Nobody's business");
    app.deps.db.$client.prepare("UPDATE videos SET visibility = 'private' WHERE id = ?").run(id);
    const admin = await addPerson(app, `admin${count}`, "admin");
    const users = tokenOf(admin, ["read", "download", "upload"]).token;
    const admins = tokenOf(admin, ["read", "admin"]).token;
    const see = async (as: string) => [
      (await app.request(`/api/v1/videos/${id}`, { as })).status,
      (await (await app.request("/api/v1/videos", { as })).text()).includes("Nobody's business"),
    ];
    expect(await see(users)).toEqual([404, false]);
    expect(await see(admins)).toEqual([200, true]);
  });
});

function tokenOf({ user }: { user: User }, scopes: string[]) {
  return createApiToken(app.deps, user, { name: "program", scopes });
}

function userOf(who: string): User {
  const user = app.deps.db.query.users.findFirst({ where: (row, { eq }) => eq(row.name, who) }).sync();
  if (!user) throw new Error(`${who} has no account`);
  return user;
}

/** Without a password, so that nothing but the new one is hashed. */
async function someone() {
  const { user, sessionId } = await addPerson(app, `somebody${count}`);
  return { user, credential: { kind: "session", id: sessionId } as const };
}
