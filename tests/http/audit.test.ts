import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import fs from "node:fs";
import type { AuditEvent } from "../../src/db/schema.ts";
import { auditActions, isAuditAction, listAudit, noteAudit } from "../../src/features/accounts/accounts.ts";
import { expireApiTokens } from "../../src/features/accounts/sessions/tokens.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";

const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

describe("a week of one household", () => {
  let app: TestApp;
  let events: AuditEvent[];
  /** Everything that nobody should read anywhere but where it was shown once, by what it is. */
  const secrets: Record<string, string> = {};
  let log = "";
  beforeAll(async () => {
    // The log goes to the descriptor itself.
    const stdout = spyOn(fs, "writeSync").mockImplementation((_, text: string | NodeJS.ArrayBufferView) => {
      log += String(text);
      return Buffer.byteLength(String(text));
    });
    try {
      app = openTestApp({
        HOMEREEL_LOG_LEVEL: "debug",
        HOMEREEL_LOG_FORMAT: "json",
        HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
        HOMEREEL_MAIL_URL: "smtp://mailer:the-mail-password@127.0.0.1:1",
        HOMEREEL_MAIL_FROM: "homereel@example.org",
      });
      secrets["password of the mail server"] = "the-mail-password";
      await live();
    } finally {
      stdout.mockRestore();
    }
    events = listAudit(app.deps, { limit: 1000 }).items;
  });
  afterAll(() => app.close());

  const secret = (what: string, text: string) => (secrets[what] = text);
  const bodyOf = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
  const request = (path: string, init: RequestInit & { as?: string }) =>
    app.request(path, {
      ...init,
      headers: { "user-agent": userAgent, ...(init.headers as Record<string, string>) },
    });
  const call = (as: string | undefined, path: string, body: unknown = {}, method = "POST") =>
    request(`/api/v1${path}`, { as, ...json(body, method) });
  const logIn = async (email: string, secretWord: string) =>
    (await bodyOf<{ token: string }>(call(undefined, "/auth/login", { email, password: secretWord }))).token;

  async function live(): Promise<void> {
    const token = secret("set-up token", app.deps.setupToken.issue(app.deps.now()));
    secret("first password", password);
    await request("/setup", form({ token, name: "Ada", email: "ada@example.org", password }));
    await call(undefined, "/auth/login", {
      email: "ada@example.org",
      password: secret("a wrong password", "wrong horse 77"),
    });
    await call(undefined, "/auth/login", {
      email: secret("a password in the wrong field", "right horse 88"),
      password: "x",
    });
    const ada = secret("Ada's session", await logIn("ada@example.org", password));
    await comeAndGo(ada);
    await programs(ada);
    await fail(ada);
    await callAndDelete(ada);
  }

  /** Bob is invited, changes what he has, forgets his password, and is dealt with. */
  async function comeAndGo(ada: string): Promise<void> {
    const invite = await bodyOf<{ url: string }>(call(ada, "/admin/invites", { role: "user" }));
    const { invitation } = await bodyOf<{ invitation: { id: string } }>(
      call(ada, "/admin/invites", { role: "user" }),
    );
    await call(ada, `/admin/invites/${invitation.id}`, {}, "DELETE");
    const invited = secret("invitation", new URL(invite.url).searchParams.get("invite") ?? "");
    const bobs = secret("Bob's password", "battery staple 99");
    const joined = { name: "Bob", email: "bob@example.org", password: bobs, invite: invited };
    const { token: bob, user } = await bodyOf<{ token: string; user: { id: string } }>(
      call(undefined, "/auth/register", joined),
    );
    secret("Bob's session", bob);
    await call(bob, "/auth/me", { name: "Robert" }, "PATCH");
    const second = await logIn("bob@example.org", bobs);
    const sessions = await bodyOf<{ items: { id: string; current: boolean }[] }>(
      request("/api/v1/auth/sessions", { as: bob }),
    );
    await call(bob, `/auth/sessions/${sessions.items.find(({ current }) => !current)?.id}`, {}, "DELETE");
    await call(second, "/auth/logout");
    const next = secret("Bob's next password", "correct staple 11");
    await call(bob, "/auth/password", { current_password: bobs, new_password: next });
    await call(undefined, "/auth/forgot", { email: "bob@example.org" });
    const link = await bodyOf<{ url: string }>(call(ada, `/admin/users/${user.id}/reset-link`));
    const reset = secret("link for a new password", new URL(link.url).searchParams.get("token") ?? "");
    await call(undefined, "/auth/reset", {
      token: reset,
      password: secret("Bob's last password", "lasting horse 22"),
    });
    await call(ada, `/admin/users/${user.id}`, { email: "robert@example.org", role: "viewer" }, "PATCH");
    for (const what of ["disable", "enable", "end-sessions"])
      await call(ada, `/admin/users/${user.id}/${what}`);
    await call(await logIn("robert@example.org", "lasting horse 22"), "/auth/logout");
    await call(ada, `/admin/users/${user.id}`, {}, "DELETE");
  }

  async function programs(ada: string): Promise<void> {
    const make = (name: string, days: number) =>
      bodyOf<{ token: string; id: string }>(
        call(ada, "/auth/tokens", { name, scopes: ["read"], expires_in_days: days }),
      );
    const [kept, revoked] = [await make("kept", 1), await make("revoked", 30)];
    secret("API token", kept.token);
    secret("revoked API token", revoked.token);
    await request("/api/v1/videos", { as: kept.token });
    await call(ada, `/auth/tokens/${revoked.id}`, {}, "DELETE");
    const tomorrow = Date.now() + 25 * 3_600_000;
    expireApiTokens({ ...app.deps, now: () => tomorrow });
  }

  /** Bugs and full disks put what they were about into the log: not all of it. */
  async function fail(ada: string): Promise<void> {
    const { $client } = app.deps.db;
    const never = "BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END";
    $client.exec(`CREATE TRIGGER no_tokens BEFORE INSERT ON api_tokens ${never}`);
    $client.exec(`CREATE TRIGGER no_passwords BEFORE UPDATE OF password_hash ON users ${never}`);
    $client.exec(`CREATE TRIGGER no_sessions BEFORE INSERT ON sessions ${never}`);
    await call(ada, "/auth/tokens", { name: "never", scopes: ["read"] });
    const changed = secret("password that was never set", "burning horse 33");
    await call(ada, "/auth/password", { current_password: password, new_password: changed });
    await request("/login", form({ email: "ada@example.org", password }));
    for (const name of ["tokens", "passwords", "sessions"]) $client.exec(`DROP TRIGGER no_${name}`);
  }

  async function callAndDelete(ada: string): Promise<void> {
    const carla = await addPerson(app, "carla");
    secret("Carla's session", carla.token);
    const video = addVideo(app, carla.user, "Holidays");
    await request(`/videos/${video}/stream?token=${ada}`, { headers: { cookie: `homereel=${ada}` } });
    await request(`/api/v1/videos/${video}`, { as: ada, method: "DELETE" });
    await call(ada, "/auth/logout-everywhere");
  }

  test("is all written down: every kind of thing that is", () => {
    const seen = new Set(events.map(({ action }) => action));
    const missing = Object.keys(auditActions).filter((action) => !seen.has(action));
    // Each has a test of its own: proxy.test.ts, replace.test.ts, tools.test.ts, thumbnails.test.ts, move.test.ts, cookies.test.ts.
    const elsewhere = [
      "login.proxy",
      "video.replace",
      "tools.update",
      "tools.roll_back",
      "thumbnails.remake",
    ];
    expect(missing).toEqual([...elsewhere, "storage.move", "storage.stop", "cookies.add", "cookies.delete"]);
  });

  test("says who, to what, when and from where", () => {
    const lines = events
      .toReversed()
      .map(({ action, actorName, subjectName, detail }) =>
        [action, actorName, subjectName, detail].join(" | "),
      );
    for (const line of [
      "account.create |  | ada@example.org | admin",
      "login.failed |  | ada@example.org | ",
      "login | Ada |  | ",
      "account.change | Bob | bob@example.org | name: Bob → Robert",
      "account.role | Ada | bob@example.org | user → viewer",
      "account.disable | Ada | robert@example.org | ",
      "sessions.end | Robert |  | Firefox on Windows",
      "token.expire |  | kept | ",
      "account.delete | Ada | robert@example.org | ",
      "video.delete | Ada | Holidays | ",
    ])
      expect(lines).toContain(line);
    for (const { at, address } of events) {
      expect(Math.abs(at - Date.now())).toBeLessThan(26 * 3_600_000);
      // No port, no address: requests are handed to the program itself here.
      expect(["unknown", ""]).toContain(address);
    }
  });

  test("tells no secret: not in the audit log, not in the log, not in the database", () => {
    const { $client } = app.deps.db;
    const tables = $client
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all() as string[];
    const stored = tables
      .map((table) => JSON.stringify($client.prepare(`SELECT * FROM "${table}"`).all()))
      .join("\n");
    const hashes = $client
      .prepare("SELECT password_hash FROM users WHERE password_hash <> ''")
      .pluck()
      .all() as string[];
    expect(log).toContain("the disk is on fire");
    expect(hashes.length).toBeGreaterThan(0);
    expect(Object.keys(secrets).length).toBeGreaterThan(14);
    const told = (text: string, known = secrets) =>
      Object.entries(known)
        .filter(([, one]) => one.length < 5 || text.includes(one))
        .map(([what]) => what);
    expect(told(JSON.stringify(events))).toEqual([]);
    expect(told(log)).toEqual([]);
    expect(told(stored)).toEqual([]);
    expect(told(log + JSON.stringify(events), Object.fromEntries(hashes.entries()))).toEqual([]);
    expect(log).not.toMatch(/\$argon2id|[0-9a-f]{64}/);
  });
});

describe("the audit log", () => {
  let app: TestApp;
  beforeAll(() => {
    app = openTestApp();
    const actor = { id: "someone", name: "Ada" };
    for (let i = 0; i < 5; i++) noteAudit(app.deps, { action: "login", actor });
    noteAudit(app.deps, {
      action: "account.role",
      actor,
      subject: { kind: "account", id: "x", name: `Eve\u202e<b>\n\0${"x".repeat(1000)}` },
      detail: "100% of_it",
    });
  });
  afterAll(() => app.close());
  const list = (query: Parameters<typeof listAudit>[1]) => listAudit(app.deps, query);

  test("is walked newest first, page by page, without gaps or repeats", () => {
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page = list({ limit: 2, cursor });
      seen.push(...page.items.map(({ seq }) => seq));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test("is filtered by what happened and by any text in it, taken as it stands", () => {
    expect(list({ action: "account.role" }).items.length).toBe(1);
    expect(list({ q: "ADA" }).items.length).toBe(6);
    for (const [q, found] of [
      ["100%", 1],
      ["100_", 0],
      ["%", 1],
      ["of_it", 1],
      ["'; --", 0],
    ] as const)
      expect([q, list({ q }).items.length]).toEqual([q, found]);
  });

  test("keeps names of strangers as one short line of plain text", () => {
    const [line] = list({ action: "account.role" }).items;
    expect(line?.subjectName).toStartWith("Eve<b> xxx");
    expect([...(line?.subjectName ?? "")].length).toBe(300);
  });

  test("is undone with what it tells of", () => {
    const before = list({ limit: 1000 }).items.length;
    const act = () =>
      app.deps.db.transaction(() => {
        noteAudit(app.deps, { action: "logout", actor: null });
        throw new Error("it did not happen");
      });
    expect(act).toThrow("it did not happen");
    expect(list({ limit: 1000 }).items.length).toBe(before);
  });

  test("knows its own actions, and nothing that only looks like one", () => {
    expect(isAuditAction("login")).toBe(true);
    for (const name of [undefined, "", "LOGIN", "toString", "constructor", "__proto__"])
      expect([name, isAuditAction(name)]).toEqual([name, false]);
  });
});
