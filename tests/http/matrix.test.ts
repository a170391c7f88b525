import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Glob } from "bun";
import type { Role } from "../../src/db/schema.ts";
import { deleteAccount, disableAccount } from "../../src/features/accounts/accounts.ts";
import { closeSessions, endSession } from "../../src/features/accounts/sessions/sessions.ts";
import { createApiToken, revokeApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { newId } from "../../src/lib/ids.ts";
import { may, mayToken, scopes } from "../../src/lib/permissions.ts";
import type { Scope } from "../../src/lib/permissions.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson, addThings, forgeToken } from "../fixtures/cast.ts";
import type { Person, Things } from "../fixtures/cast.ts";
import { doors, knockOn } from "../fixtures/doors.ts";
import type { Door } from "../fixtures/doors.ts";

let app: TestApp;
let things: Things;
const routes: string[] = [];
const people: Record<string, Person> = {};
beforeAll(async () => {
  // Thousands of knocks come from one address here; limits have tests of their own.
  app = openTestApp({
    ...Object.fromEntries(limits.map(([name, most]) => [`HOMEREEL_LIMITS_${name}`, String(most)])),
    // One that is named is not ours to update.
    HOMEREEL_TOOLS_YT_DLP: "",
  });
  for (const name of ["owner", "other", "spare"]) people[name] = await addPerson(app, name);
  people.viewer = await addPerson(app, "viewer", "viewer");
  people.admin = await addPerson(app, "admin", "admin");
  things = await addThings(app, person("owner").user, person("spare").user);
  routes.push(...new Set((await app.router.routes()).map(({ method, path }) => `${method} ${path}`)));
});
afterAll(() => app.close());

const limits = [
  ["LOGINS_PER_ACCOUNT", 10_000],
  ["LOGINS_PER_ADDRESS", 10_000],
  ["REGISTRATIONS_PER_ADDRESS", 10_000],
  ["MAILS_PER_ACCOUNT", 1000],
  ["MAILS_PER_ADDRESS", 1000],
  ["CODES_PER_ADDRESS", 10_000],
  ["API_PER_MINUTE", 1_000_000],
] as const;

function person(name: string): Person {
  const found = people[name];
  if (!found) throw new Error(`nobody is called ${name}`);
  return found;
}

/** Who stands before the doors; null is somebody who is not believed, or says nothing. */
type Visitor = { name: string; role: Role; scopes?: readonly Scope[] } | null;

/** What a door has to say to this visitor, by the one table of permissions. */
function expected(door: Door, visitor: Visitor, isShared: boolean): number {
  if ("nobody" in door) return visitor ? door.known : door.nobody;
  if (!visitor) return 401;
  const hasScope = !visitor.scopes || door.needs === null || mayToken(visitor.scopes, door.needs);
  if (!hasScope || (door.needs !== null && !may(visitor, door.needs))) return 403;
  if (visitor.name === "owner") return door.owner;
  if (visitor.role === "admin") return door.admin;
  return isShared ? (door.shared ?? door.other) : door.other;
}

/** Every door that says something else than is written down. */
async function wrongAnswers(visitor: Visitor, headers: Record<string, string>): Promise<string[]> {
  const wrong: string[] = [];
  for (const route of routes) {
    const door = doors[route];
    if (!door) continue;
    const isOfVideo = "shared" in door && door.shared !== undefined;
    for (const isShared of isOfVideo ? [false, true] : [false]) {
      const ids = isShared ? { ...things, video: things.sharedVideo } : things;
      const { status, code } = await knockOn(app, route, ids, headers);
      const wanted = expected(door, visitor, isShared);
      if (status !== wanted) wrong.push(`${route}: ${status}, expected ${wanted}`);
      const wantedCode = { 401: "login_required", 403: "not_allowed" }[wanted];
      if ("needs" in door && code !== null && wantedCode !== undefined && code !== wantedCode)
        wrong.push(`${route}: ${code}, expected ${wantedCode}`);
    }
  }
  return wrong;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const cookie = (token: string) => ({ cookie: `homereel=${token}`, "sec-fetch-site": "same-origin" });
const ways = { "as Bearer": bearer, "in a cookie": cookie };
type Way = keyof typeof ways;
const bothWays = Object.keys(ways) as Way[];

describe("every door", () => {
  test("of the router is written down, and none that is gone", () => {
    const unknown = routes.filter((route) => !(route in doors));
    const gone = Object.keys(doors).filter((route) => !routes.includes(route));
    const help = "Say in tests/fixtures/doors.ts who may pass:";
    expect([help, ...unknown]).toEqual([help]);
    expect(["There is no such route any more:", ...gone]).toEqual(["There is no such route any more:"]);
    expect(routes.length).toBeGreaterThan(35);
  });

  test("answers to methods that it names, so that none escapes this list", async () => {
    const nameless: string[] = [];
    for (const path of new Glob("src/**/*.{ts,tsx}").scanSync(`${import.meta.dir}/../..`)) {
      const text = await Bun.file(`${import.meta.dir}/../../${path}`).text();
      for (const [call] of text.matchAll(/\.(?:all|mount)\(\s*["'`][^)]*/g)) nameless.push(`${path} ${call}`);
    }
    // The way to the JSON API, whose routes are in the list.
    expect(nameless.map((one) => one.split(" ")[0])).toEqual(["src/router.tsx"]);
  });

  test("that asks for no permission says why", () => {
    for (const [route, door] of Object.entries(doors)) {
      const mustSay = "nobody" in door || door.needs === null;
      if (mustSay) expect([route, door.why]).toEqual([route, expect.stringMatching(/\w+ \w+/)]);
    }
  });
});

describe("nobody passes", () => {
  test("without a credential", async () => {
    expect(await wrongAnswers(null, {})).toEqual([]);
  });

  test("and a browser is led to the login", async () => {
    for (const route of closed().filter((one) => one.startsWith("GET /"))) {
      const { status, location } = await knockOn(app, route, things, { accept: "text/html" });
      expect([route, status, location?.startsWith("/login")]).toEqual([route, 302, true]);
    }
  });

  test("by another method, nor to what is not there", async () => {
    for (const route of closed()) {
      for (const method of ["PUT", "OPTIONS", "HEAD"]) {
        const other = route.replace(/^\w+/, method);
        const { status } = await knockOn(app, other, things, {});
        expect([other, status]).toEqual([other, 401]);
      }
    }
    expect((await app.request("/nothing-here")).status).toBe(401);
    expect((await app.request("/nothing-here", { as: person("viewer").token })).status).toBe(404);
  });
});

const closed = () => routes.filter((route) => "needs" in (doors[route] ?? {}));

describe("with a session", () => {
  const roles = { owner: "user", other: "user", viewer: "viewer", admin: "admin" } as const;
  test.each(Object.keys(roles).flatMap((name) => bothWays.map((way) => [name, way] as const)))(
    "of the %s %s all pass who may, and nobody else",
    async (name, way) => {
      const visitor = { name, role: roles[name as keyof typeof roles] };
      expect(await wrongAnswers(visitor, ways[way](person(name).token))).toEqual([]);
    },
  );
});

describe("an API token", () => {
  const granted: Scope[][] = [...scopes.map((scope) => [scope]), [...scopes]];
  const cases = (["owner", "viewer", "admin"] as const).flatMap((name) =>
    granted.map((list) => [name, list.join(", "), list] as const),
  );

  test.each(cases)("of the %s for %s does that, and no more than they may", async (name, _, list) => {
    const token = newToken(name, list);
    // An admin's token that may not administer is no admin's.
    const isAdmin = name === "admin" && list.includes("admin");
    const role = isAdmin ? "admin" : name === "viewer" ? "viewer" : "user";
    expect(await wrongAnswers({ name, role, scopes: list }, bearer(token))).toEqual([]);
  });

  test("is no cookie", async () => {
    expect(await wrongAnswers(null, cookie(newToken("admin", [...scopes])))).toEqual([]);
  });
});

/** Also with scopes that this person could not give it: they may have been an admin once. */
function newToken(name: string, granted: readonly Scope[]): string {
  const { token, row } = createApiToken(app.deps, person(name).user, { name: "a program", scopes: ["read"] });
  app.deps.db.$client
    .prepare("UPDATE api_tokens SET scopes = ? WHERE id = ?")
    .run(JSON.stringify(granted), row.id);
  return token;
}

describe("a session token is nobody's", () => {
  const hour = 3600;
  const now = () => Math.floor(app.deps.now() / 1000);
  const broken: Record<string, () => string | Promise<string>> = {
    "that has expired": () =>
      forgeToken(app, person("admin"), { claims: { iat: now() - 25 * hour, exp: now() - hour } }),
    "that never ends": () => forgeToken(app, person("admin"), { claims: { exp: undefined } }),
    "that another key signed": () => forgeToken(app, person("admin"), { key: new Uint8Array(32).fill(7) }),
    "that an empty key signed": () => forgeToken(app, person("admin"), { key: new Uint8Array(0) }),
    "with the algorithm HS512": () => forgeToken(app, person("admin"), { alg: "HS512" }),
    "with the algorithm HS384": () => forgeToken(app, person("admin"), { alg: "HS384" }),
    "with the algorithm none": () => forgeToken(app, person("admin"), { alg: "none" }),
    "for another audience": () => forgeToken(app, person("admin"), { claims: { aud: "homereel-share" } }),
    "of the generation before": () => forgeToken(app, person("admin"), { claims: { sv: 0 } }),
    "of somebody else's session": () =>
      forgeToken(app, { ...person("admin"), sessionId: person("owner").sessionId }),
    "of no session": () => forgeToken(app, { ...person("admin"), sessionId: "none" }),
    "whose claims were changed": () => {
      const [, body = ""] = person("admin").token.split(".");
      return person("owner").token.replace(/\.[^.]+\./, `.${body}.`);
    },
    "whose session was ended": () =>
      formerAdmin(({ user, sessionId }) => endSession(app.deps, user, sessionId)),
    "of somebody who logged out everywhere": () =>
      formerAdmin(({ user }) => closeSessions(app.deps, user.id)),
    "of a disabled account": () => formerAdmin(disable),
    "of a disabled account, whatever became of its sessions": () => formerAdmin(disableOnly),
    "of a deleted account": () => formerAdmin(({ user }) => deleteAccount(app.deps, null, user.id, "")),
  };
  const cases = Object.keys(broken).flatMap((name) => bothWays.map((way) => [name, way] as const));

  test.each(cases)("%s, %s", async (name, way) => {
    const token = (await broken[name]?.()) ?? "";
    expect(await wrongAnswers(null, ways[way](token))).toEqual([]);
  });

  test("unless it is a whole one: those above are made as this one is", async () => {
    const { status } = await knockOn(app, "GET /", things, bearer(forgeToken(app, person("admin"))));
    expect(status).toBe(200);
  });

  test("and a cookie that holds does not help", async () => {
    const headers = { ...cookie(person("admin").token), ...bearer("something.else.altogether") };
    expect(await wrongAnswers(null, headers)).toEqual([]);
  });
});

describe("an API token is nobody's", () => {
  const broken: Record<string, () => string | Promise<string>> = {
    "that never was": () => `hrl_${"x".repeat(43)}`,
    "that was revoked": () => {
      const { user } = person("admin");
      const { token, row } = createApiToken(app.deps, user, { name: "revoked", scopes });
      revokeApiToken(app.deps, user, row.id);
      return token;
    },
    "that has expired": () => {
      const input = { name: "old", scopes, expires_in_days: 1 };
      const { token, row } = createApiToken(app.deps, person("admin").user, input);
      app.deps.db.$client
        .prepare("UPDATE api_tokens SET expires_at = ? WHERE id = ?")
        .run(app.deps.now(), row.id);
      return token;
    },
    "of a disabled account": () => formerAdmin(disable, [...scopes]),
    "of a deleted account": () =>
      formerAdmin(({ user }) => deleteAccount(app.deps, null, user.id, ""), [...scopes]),
  };

  test.each(Object.keys(broken))("%s", async (name) => {
    expect(await wrongAnswers(null, bearer((await broken[name]?.()) ?? ""))).toEqual([]);
  });
});

/** Makes an admin, and then does away with what they can do; the token of their session, or an API token. */
async function formerAdmin(end: (former: Person) => unknown, granted?: readonly Scope[]): Promise<string> {
  const former = await addPerson(app, `former-${newId()}`, "admin");
  const { token } = granted
    ? createApiToken(app.deps, former.user, { name: "theirs", scopes: granted })
    : former;
  end(former);
  return token;
}

const disable = ({ user }: Person) => disableAccount(app.deps, null, user.id);
const disableOnly = ({ user }: Person) =>
  app.deps.db.$client.prepare("UPDATE users SET disabled_at = 1 WHERE id = ?").run(user.id);
