import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  changeAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  endAllSessions,
  getUser,
  listAudit,
  setPassword,
} from "../../src/features/accounts/accounts.ts";
import { keepHouseNow } from "../../src/features/accounts/housekeeping.ts";
import { addLink, giveSecret, requireLink } from "../../src/features/accounts/links/links.ts";
import { endSession, listSessions, startSession } from "../../src/features/accounts/sessions/sessions.ts";
import { createApiToken, revokeApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { Snooze } from "../../src/queue/job.ts";
import { loadSessionKey } from "../../src/web/session-token.ts";
import { form, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson, addVideo, forgeToken } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";

const minute = 60_000;
const hour = 60 * minute;

let app: TestApp;
let videoId: string;
let count = 0;
let now = Date.now;
beforeAll(async () => {
  app = openTestApp();
  // One function for ever: what stays open keeps the one that it began with.
  app.deps.now = () => now();
  videoId = addVideo(app, (await addPerson(app, "keeper", "admin")).user, "For everybody");
});
afterEach(() => void (now = Date.now));
afterAll(() => app.close());

const someone = (role: "admin" | "user" | "viewer" = "user") => addPerson(app, `someone${++count}`, role);
/** Stops the clock so many milliseconds after a moment. */
function clockAt(start: number, ms: number): void {
  now = () => start + ms;
}

const cookie = (token: string) => ({ cookie: `homereel=${token}`, "sec-fetch-site": "same-origin" });
const streamPath = () => `/videos/${videoId}/stream`;
const byCookie = (token: string, path = "/", method = "GET") =>
  app.request(path, { method, headers: cookie(token) });
/** Whether a token opens a page, a call of the API, and a stream. */
async function opens(token: string): Promise<boolean[]> {
  const answers = [
    await byCookie(token),
    await app.request("/api/v1/videos", { as: token }),
    await byCookie(token, streamPath()),
  ];
  return answers.map(({ status }) => status === 200);
}
const all = [true, true, true];
const none = [false, false, false];
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, number>;
const cookiesOf = (answer: Response) => answer.headers.getSetCookie();
const tokenIn = (answer: Response) =>
  /^(?:__Host-)?homereel=([^;]+)/.exec(cookiesOf(answer)[0] ?? "")?.[1] ?? "";
const changes = () => app.deps.db.$client.prepare("SELECT total_changes()").pluck().get();

describe("the key of session tokens", () => {
  test("is 32 bytes or more, in a file that only its owner reads, and another in each data folder", async () => {
    const file = statSync(join(app.dataDir, "session.key"));
    expect(file.size).toBeGreaterThanOrEqual(32);
    expect(file.mode & 0o777).toBe(0o600);
    const other = openTestApp();
    expect(loadSessionKey(other.dataDir)).not.toEqual(loadSessionKey(app.dataDir));
    const { token } = await someone();
    expect((await other.request("/api/v1/videos", { as: token })).status).toBe(401);
    await other.close();
  });

  test("that is too short is refused, not used", async () => {
    const other = openTestApp();
    writeFileSync(join(other.dataDir, "session.key"), "short");
    expect(() => loadSessionKey(other.dataDir)).toThrow("shorter than 32 bytes");
    await other.close();
  });

  test("signs tokens that say when they end: after 24 hours, or what is set", async () => {
    const { token } = await someone();
    const { exp = 0, iat = 0 } = claimsOf(token);
    expect(exp - iat).toBe(24 * 3600);
    const brief = openTestApp({ HOMEREEL_AUTH_SESSION_HOURS: "2" });
    const claims = claimsOf((await addPerson(brief, "someone")).token);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(2 * 3600);
    await brief.close();
  });
});

describe("what ends a login takes effect on the very next request", () => {
  const ends: Record<string, (person: Person) => unknown> = {
    "ending the session": ({ user, sessionId }) => endSession(app.deps, user, sessionId),
    "logging out everywhere": ({ user }) => endAllSessions(app.deps, user, user),
    "a new password": ({ user }) => setPassword(app.deps, null, user.id, `another ${password}`),
    "another role": ({ user }) => changeAccount(app.deps, null, user.id, { role: "viewer" }),
    "disabling the account": ({ user }) => disableAccount(app.deps, null, user.id),
    "disabling and enabling it": ({ user }) => {
      disableAccount(app.deps, null, user.id);
      enableAccount(app.deps, null, user.id);
    },
    "deleting the account": ({ user }) => deleteAccount(app.deps, null, user.id, ""),
    "logging out": ({ token }) => byCookie(token, "/logout", "POST"),
    "logging out by the API": ({ token }) =>
      app.request("/api/v1/auth/logout", { method: "POST", as: token }),
  };

  test.each(Object.keys(ends))("%s: pages, API, streams", async (name) => {
    const person = await someone();
    expect(await opens(person.token)).toEqual(all);
    // By now the stream takes the short way: its answer has the policy of bytes, without scripts.
    const short = await byCookie(person.token, streamPath());
    expect(short.headers.get("content-security-policy")).not.toContain("script-src");
    await ends[name]?.(person);
    expect(await opens(person.token)).toEqual(none);
    expect((await byCookie(person.token, "/api/v1/auth/refresh", "POST")).status).toBe(401);
  });

  test.each(Object.keys(ends))("%s: an open stream of events", async (name) => {
    const person = await someone();
    const listener = await listen({ headers: cookie(person.token) });
    await ends[name]?.(person);
    expect(await listener.restAfter()).toBe("");
  });

  test("revoking an API token: calls and an open stream of events", async () => {
    const { user } = await someone();
    const { token, row } = createApiToken(app.deps, user, { name: "mine", scopes: ["read"] });
    const listener = await listen({ as: token });
    revokeApiToken(app.deps, user, row.id);
    expect((await app.request("/api/v1/videos", { as: token })).status).toBe(401);
    expect(await listener.restAfter()).toBe("");
  });

  test("also on a login that was under way: it was let in before, and is out", async () => {
    const { user } = await someone();
    for (const name of [
      "logging out everywhere",
      "a new password",
      "another role",
      "disabling and enabling it",
    ]) {
      const before = getUser(app.deps, user.id);
      await ends[name]?.({ user: before, token: "", sessionId: "" });
      const late = await startSession(app.deps, before);
      expect([name, await opens(late.token)]).toEqual([name, none]);
    }
    const now = await startSession(app.deps, getUser(app.deps, user.id));
    expect(await opens(now.token)).toEqual(all);
  });

  test("and one session does not end the others", async () => {
    const person = await someone();
    const second = await startSession(app.deps, person.user);
    const listener = await listen({ headers: cookie(second.token) });
    endSession(app.deps, person.user, person.sessionId);
    expect(await opens(forgeToken(app, person))).toEqual(none);
    expect(await opens(second.token)).toEqual(all);
    app.deps.events.emit("video.changed", { videoId, userId: "" });
    expect(await listener.next()).toContain("For everybody");
    await listener.stop();
  });
});

/** Reads how things stand; `restAfter` all that comes after the next event, until the server ends it. */
async function listen(init: RequestInit & { as?: string }) {
  const response = await app.request("/events?topic=gallery", init);
  const reader = response.body?.getReader();
  if (!reader) throw new Error("no stream");
  const next = async () => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  let first = "";
  while (!first.includes("#tray-count")) first += await next();
  return {
    next,
    stop: () => reader.cancel(),
    async restAfter(): Promise<string> {
      app.deps.events.emit("video.changed", { videoId, userId: "" });
      let rest = "";
      for (let part = await next(); part !== null; part = await next()) rest += part;
      return rest;
    },
  };
}

describe("the cookie", () => {
  const logIn = async (other: TestApp) => {
    const { user } = await addPerson(other, `visitor${++count}`);
    await setPassword(other.deps, null, user.id, password);
    return other.request("/login", form({ email: user.email, password }));
  };

  test("is out of reach of scripts and of other sites, and lasts as long as its token", async () => {
    clockAt(Date.now(), 0);
    const answer = await logIn(app);
    const [said = "", ...others] = cookiesOf(answer);
    expect(others).toEqual([]);
    expect(said.split("; ").slice(1).sort()).toEqual(["HttpOnly", "Max-Age=86400", "Path=/", "SameSite=Lax"]);
    expect(said).toStartWith(`homereel=${tokenIn(answer)};`);
    expect(await opens(tokenIn(answer))).toEqual(all);
  });

  test("over TLS goes over TLS only, to this very host, when it comes, is renewed and is taken away", async () => {
    const secure = openTestApp({ HOMEREEL_SERVER_PUBLIC_URL: "https://shelf.test" });
    const start = Date.now();
    const login = await logIn(secure);
    const headers = { cookie: `__Host-homereel=${tokenIn(login)}`, "sec-fetch-site": "same-origin" };
    secure.deps.now = () => start + 2 * hour;
    const renewal = await secure.request("/", { headers });
    const logout = await secure.request("/logout", { method: "POST", headers });
    for (const answer of [login, renewal, logout]) {
      const [said = "", ...others] = cookiesOf(answer);
      expect(others).toEqual([]);
      expect(said).toStartWith("__Host-homereel=");
      for (const flag of ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"])
        expect(said.split("; ")).toContain(flag);
      // A cookie with a domain is none of this host alone, and browsers refuse it under that name.
      expect(said).not.toMatch(/domain/i);
    }
    expect(cookiesOf(logout)[0]).toContain("Max-Age=0");
    // Without the prefix a neighbour's host could have set it.
    const plain = { cookie: `homereel=${tokenIn(login)}` };
    expect((await secure.request("/api/v1/videos", { headers: plain })).status).toBe(401);
    await secure.close();
  });
});

describe("a session in use", () => {
  test("is listed with device, address and last use, and nobody else's is", async () => {
    const { user } = await someone();
    await setPassword(app.deps, null, user.id, password);
    const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const headers = { "user-agent": userAgent };
    await app.request("/login", { ...form({ email: user.email, password }), headers });
    const [only, ...others] = listSessions(app.deps, user);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ userId: user.id, device: "Firefox on Windows", address: "unknown" });
  });

  test("says no more often than every 5 minutes when it was last used, and reads write nothing else", async () => {
    const person = await someone();
    const start = Date.now();
    const lastUse = () => (listSessions(app.deps, person.user)[0]?.lastUsedAt ?? 0) - start;
    const inBrowser = { headers: cookie(person.token) };
    const uses = [
      () => app.request("/", inBrowser),
      () => app.request("/", { as: person.token }),
      // Somebody may do nothing else for hours.
      () => app.request(streamPath(), inBrowser),
    ];
    for (const use of uses) {
      const from = lastUse();
      clockAt(start, from + 5 * minute);
      await use();
      expect(lastUse()).toBe(from);
      clockAt(start, from + 5 * minute + 1);
      await use();
      expect(lastUse()).toBe(from + 5 * minute + 1);
      const before = changes();
      for (const other of [...uses, ...uses]) await other();
      expect(changes()).toBe(before);
    }
    clockAt(start, 59 * minute);
    await byCookie(person.token);
    clockAt(start, 61 * minute);
    expect(tokenIn(await byCookie(person.token, streamPath()))).not.toBe("");
  });

  test("gets a new cookie after an hour, stays the same session, and lasts as long as it is used", async () => {
    const person = await someone();
    const start = Date.now();
    let { token } = person;
    for (let hours = 2; hours < 50; hours += 12) {
      clockAt(start, hours * hour);
      const answer = await byCookie(token);
      expect([hours, answer.status]).toEqual([hours, 200]);
      token = tokenIn(answer);
      const [session, ...others] = listSessions(app.deps, person.user);
      expect([session?.id, others.length]).toEqual([person.sessionId, 0]);
      expect(session?.expiresAt).toBe(start + (hours + 24) * hour);
      expect(cookiesOf(await byCookie(token))).toEqual([]);
    }
    // The first one ended when it said it would.
    expect(await opens(person.token)).toEqual(none);
    expect(await opens(token)).toEqual(all);
  });

  test("of a program is made longer when it asks, and not by use: it holds its token itself", async () => {
    const person = await someone();
    const start = Date.now();
    const expiry = () => (listSessions(app.deps, person.user)[0]?.expiresAt ?? 0) - start;
    clockAt(start, 2 * hour);
    const used = await app.request("/api/v1/videos", { as: person.token });
    expect(cookiesOf(used)).toEqual([]);
    expect(expiry()).toBeLessThanOrEqual(24 * hour);
    const before = changes();
    await app.request("/api/v1/videos", { as: person.token });
    expect(changes()).toBe(before);
    const answer = await app.request("/api/v1/auth/refresh", { method: "POST", as: person.token });
    const { token } = (await answer.json()) as { token: string };
    expect(expiry()).toBe(26 * hour);
    expect(listSessions(app.deps, person.user).length).toBe(1);
    clockAt(start, 25 * hour);
    expect([await opens(person.token), await opens(token)]).toEqual([none, all]);
  });

  test("that ends while a request renews it stays ended: the new cookie opens nothing", async () => {
    const person = await someone();
    clockAt(Date.now(), 2 * hour);
    const renewing = byCookie(person.token);
    const logout = await byCookie(person.token, "/logout", "POST");
    expect(cookiesOf(logout)).toEqual([expect.stringContaining("Max-Age=0")]);
    const renewed = tokenIn(await renewing);
    if (renewed !== "") expect(await opens(renewed)).toEqual(none);
    expect(listSessions(app.deps, person.user)).toEqual([]);
  });

  test("gives way to a login as somebody else, and is not renewed over it", async () => {
    const [person, other] = [await someone(), await someone()];
    await setPassword(app.deps, null, other.user.id, password);
    clockAt(Date.now(), 2 * hour);
    const login = { ...form({ email: other.user.email, password }), headers: cookie(person.token) };
    const cookies = cookiesOf(await app.request("/login", login));
    expect(cookies.length).toBe(1);
    const verify = await app.request("/api/v1/auth/verify", {
      headers: { cookie: cookies[0]?.split(";")[0] ?? "" },
    });
    expect(await verify.json()).toMatchObject({ user: { email: other.user.email } });
  });
});

describe("what has expired", () => {
  test("stays so when the clock is set back: a session that was in use", async () => {
    const { token } = await someone();
    const start = Date.now();
    expect(await opens(token)).toEqual(all);
    clockAt(start, 25 * hour);
    expect(await opens(token)).toEqual(none);
    clockAt(start, hour / 2);
    expect(await opens(token)).toEqual(none);
  });

  test("stays so when the clock is set back: a session that was seen only when it was over", async () => {
    const { token } = await someone();
    const start = Date.now();
    clockAt(start, 25 * hour);
    expect(await opens(token)).toEqual(none);
    clockAt(start, hour / 2);
    expect(await opens(token)).toEqual(none);
  });

  test("stays so when the clock is set back: an API token", async () => {
    const { user } = await someone();
    const input = { name: "for a day", scopes: ["read"], expires_in_days: 1 };
    const { token } = createApiToken(app.deps, user, input);
    const status = async () => (await app.request("/api/v1/videos", { as: token })).status;
    const start = Date.now();
    expect(await status()).toBe(200);
    clockAt(start, 25 * hour);
    expect(await status()).toBe(401);
    now = Date.now;
    expect(await status()).toBe(401);
  });

  test("stays so when the clock is set back: a link", async () => {
    const { user } = await someone();
    const link = addLink(app.deps, { kind: "reset", userId: user.id, lifetimeMs: 30 * minute });
    const secret = giveSecret(app.deps, link.id)?.secret ?? "";
    const start = Date.now();
    expect(requireLink(app.deps, "reset", secret)).toMatchObject({ id: link.id });
    clockAt(start, 31 * minute);
    expect(() => requireLink(app.deps, "reset", secret)).toThrow("not valid any more");
    expect(giveSecret(app.deps, link.id)).toBeNull();
    now = Date.now;
    expect(() => requireLink(app.deps, "reset", secret)).toThrow("not valid any more");
  });

  test("ends open streams of events too: a session, and an API token", async () => {
    const person = await someone();
    const input = { name: "for a day", scopes: ["read"], expires_in_days: 1 };
    const ways = [
      { as: createApiToken(app.deps, person.user, input).token },
      { headers: cookie(person.token) },
    ];
    for (const way of ways) {
      now = Date.now;
      const listener = await listen(way);
      clockAt(Date.now(), 25 * hour);
      expect(await listener.restAfter()).toBe("");
    }
  });

  test("is deleted by the daily housekeeping, and so are old lines of the audit log", async () => {
    const { user } = await someone();
    const [short, long] = [1, 365].map((days) =>
      createApiToken(app.deps, user, { name: `${days} days`, scopes: ["read"], expires_in_days: days }),
    );
    const link = addLink(app.deps, { kind: "reset", userId: user.id, lifetimeMs: 30 * minute });
    const start = Date.now();
    const rows = (table: string) =>
      app.deps.db.$client.prepare(`SELECT id FROM ${table} WHERE user_id = ?`).pluck().all(user.id);
    expect([rows("sessions").length, rows("api_tokens").length, rows("account_links")]).toEqual([
      1,
      2,
      [link.id],
    ]);
    clockAt(start, 25 * hour);
    await expect(keepHouseNow(app.deps)).rejects.toBeInstanceOf(Snooze);
    expect([rows("sessions"), rows("api_tokens"), rows("account_links")]).toEqual([[], [long?.row.id], []]);
    const told = () =>
      listAudit(app.deps, { limit: 1000 }).items.filter(({ subjectId }) => subjectId === short?.row.id);
    expect(told().map(({ action }) => action)).toEqual(["token.expire", "token.create"]);
    clockAt(start, 90 * 24 * hour + minute);
    await expect(keepHouseNow(app.deps)).rejects.toBeInstanceOf(Snooze);
    expect(told().map(({ action }) => action)).toEqual(["token.expire"]);
  });
});
