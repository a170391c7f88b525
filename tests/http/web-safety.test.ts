import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { setPassword } from "../../src/features/accounts/accounts.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson, addThings } from "../fixtures/cast.ts";
import type { Person, Things } from "../fixtures/cast.ts";
import { knockOn, pathOf, requestFor } from "../fixtures/doors.ts";

let app: TestApp;
let admin: Person;
let things: Things;
let routes: string[];
const site = "https://dashboard.example.org";
beforeAll(async () => {
  app = openTestApp({ HOMEREEL_LIMITS_API_PER_MINUTE: "1000000" });
  admin = await addPerson(app, "admin", "admin");
  things = await addThings(app, admin.user, (await addPerson(app, "spare")).user);
  routes = [...new Set((await app.router.routes()).map(({ method, path }) => `${method} ${path}`))];
});
afterAll(() => app.close());

const cookie = () => `homereel=${admin.token}`;
const bearer = (token = admin.token) => ({ authorization: `Bearer ${token}` });

/** The same program with other settings, for as long as `use` takes. */
async function withApp(settings: Record<string, string>, use: (other: TestApp, person: Person) => unknown) {
  const other = openTestApp(settings);
  try {
    await use(other, await addPerson(other, "admin", "admin"));
  } finally {
    await other.close();
  }
}

describe("the set-up link of the first start", () => {
  const values = { name: "Ada", email: "ada@example.org", password };
  const open = async (use: (fresh: TestApp, token: string) => Promise<void>) => {
    const fresh = openTestApp();
    try {
      await use(fresh, fresh.deps.setupToken.issue(fresh.deps.now()));
    } finally {
      await fresh.close();
    }
  };

  test("is good for 30 minutes", async () => {
    await open(async (fresh, token) => {
      const start = Date.now();
      fresh.deps.now = () => start + 30 * 60_000;
      expect((await fresh.request(`/setup?token=${token}`)).status).toBe(403);
      expect((await fresh.request("/setup", form({ ...values, token }))).status).toBe(403);
      fresh.deps.now = () => start + 29 * 60_000;
      expect((await fresh.request(`/setup?token=${token}`)).status).toBe(200);
    });
  });

  test("makes one admin, also when two open it at once", async () => {
    await open(async (fresh, token) => {
      const emails = ["ada@example.org", "eve@example.org"];
      const made = emails.map((email) => fresh.request("/setup", form({ ...values, token, email })));
      const statuses = (await Promise.all(made)).map(({ status }) => status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([303, 403]);
      const people = fresh.deps.db.$client.prepare("SELECT role FROM users").pluck().all();
      expect(people).toEqual(["admin"]);
    });
  });

  test("is the only way: no other door makes the first account", async () => {
    await open(async (fresh) => {
      const before = { ...values, invite: "", token: "" };
      for (const path of ["/register", "/login", "/reset", "/forgot", "/confirm-email", "/setup"])
        expect([path, (await fresh.request(path, form(before))).status]).not.toEqual([path, 303]);
      for (const path of ["register", "login", "reset", "forgot"])
        await fresh.request(`/api/v1/auth/${path}`, json(before));
      expect(fresh.deps.db.$client.prepare("SELECT count(*) FROM users").pluck().get()).toBe(0);
    });
  });
});

describe("CSRF: what another site's page sends in somebody's name is refused at every door", () => {
  const foreign: Record<string, Record<string, string>> = {
    "from another site": { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    "from a neighbour's host": { "sec-fetch-site": "same-site", origin: "http://evil.test" },
    "from another origin, by an old browser": { origin: "https://evil.example" },
    "from our host on another port": { origin: "http://shelf.test:8080" },
    "from a frame without an origin": { origin: "null" },
    "with a site of its own invention": { "sec-fetch-site": "none", origin: "http://shelf.test" },
    "that does not say where it is from": {},
  };
  test.each(Object.keys(foreign))("%s", async (name) => {
    const unsafe = routes.filter((route) => !/^(GET|HEAD|OPTIONS) /.test(route));
    expect(unsafe.length).toBeGreaterThan(20);
    for (const route of [...unsafe, "PUT /theme", "DELETE /login", "PURGE /"]) {
      const headers = new Headers({ cookie: cookie(), host: "shelf.test", ...foreign[name] });
      const { body } = requestFor(route, {});
      const answer = await app.request(pathOf(route, things), { method: route.split(" ")[0], headers, body });
      expect([route, answer.status, await answer.text()]).toEqual([
        route,
        403,
        expect.stringContaining("cross_site"),
      ]);
    }
  });

  test("and what our own page sends is not", async () => {
    const own: Record<string, string>[] = [
      { "sec-fetch-site": "same-origin", origin: "http://shelf.test" },
      { "sec-fetch-site": "none" },
      { origin: "http://shelf.test" },
    ];
    for (const headers of own) {
      const answer = await app.request("/theme", {
        ...form({ theme: "dark" }),
        headers: { cookie: cookie(), host: "shelf.test", ...headers },
      });
      expect([headers, answer.status]).toEqual([headers, 303]);
    }
  });

  test("opening an address changes nothing, so that a link is never enough", async () => {
    const changes = () => app.deps.db.$client.prepare("SELECT total_changes()").pluck().get();
    for (const route of routes.filter((one) => one.startsWith("GET "))) {
      const before = changes();
      await knockOn(app, route, things, { cookie: cookie() });
      expect([route, changes()]).toEqual([route, before]);
    }
  });
});

describe("with a public address, every other Host is refused", () => {
  const settings = { HOMEREEL_SERVER_PUBLIC_URL: "https://shelf.test" };
  test("at every door that tells something", async () => {
    await withApp(settings, async (other, { token }) => {
      for (const host of ["evil.example", "shelf.test.evil.example", "shelf.test:8443", "192.0.2.1", ""]) {
        for (const route of routes.filter((one) => !/\/assets|favicon|healthz|readyz/.test(one))) {
          const headers = { ...bearer(token), host };
          const answer = await other.request(pathOf(route, things), requestFor(route, headers));
          expect([route, host, answer.status, await answer.text()]).toEqual([
            route,
            host,
            403,
            expect.stringContaining("cross_site"),
          ]);
        }
      }
    });
  });

  test("but its own and this machine's", async () => {
    await withApp(settings, async (other, { token }) => {
      for (const host of ["shelf.test", "localhost:8080", "127.0.0.1", "[::1]:8080"])
        expect((await other.request("/", { headers: { ...bearer(token), host } })).status).toBe(200);
    });
  });
});

describe("CORS", () => {
  const asked = { origin: site, "sec-fetch-site": "cross-site" };
  const preflight = { ...asked, "access-control-request-method": "POST" };
  const said = ({ headers }: Response) =>
    [...headers.keys()].filter((name) => name.startsWith("access-control"));

  test("is closed: nothing is said to any other site, whatever it asks", async () => {
    for (const origin of [site, "null", "http://shelf.test", "https://evil.example"]) {
      for (const [path, init] of [
        ["/api/v1/videos", { headers: { ...asked, origin, ...bearer() } }],
        ["/api/v1/downloads", { method: "OPTIONS", headers: { ...preflight, origin } }],
        ["/healthz", { headers: { ...asked, origin } }],
        ["/login", { headers: { ...asked, origin } }],
      ] as const)
        expect([path, origin, said(await app.request(path, init))]).toEqual([path, origin, []]);
    }
    const write = {
      ...json({ url: "x" }),
      headers: { ...asked, ...bearer(), "content-type": "application/json" },
    };
    expect((await app.request("/api/v1/downloads", write)).status).toBe(403);
  });

  describe("opened for a site", () => {
    let open: TestApp;
    let token: string;
    beforeAll(async () => {
      open = openTestApp({ HOMEREEL_SERVER_CORS_ORIGINS: site });
      token = (await addPerson(open, "admin", "admin")).token;
    });
    afterAll(() => open.close());
    const allowed = (answer: Response) => answer.headers.get("access-control-allow-origin");
    const call = (headers: Record<string, string>) =>
      open.request("/api/v1/downloads", {
        ...json({}),
        headers: { "content-type": "application/json", ...headers },
      });

    test("lets its scripts call the API with a token, and read failures too", async () => {
      const asks = await open.request("/api/v1/downloads", { method: "OPTIONS", headers: preflight });
      expect([asks.status, allowed(asks)]).toEqual([204, site]);
      expect(asks.headers.get("access-control-allow-methods")).toContain("POST");
      expect(asks.headers.get("access-control-allow-headers")).toContain("Authorization");
      const reads = await open.request("/api/v1/videos", { headers: { ...asked, ...bearer(token) } });
      expect([reads.status, allowed(reads)]).toEqual([200, site]);
      const writes = await call({ ...asked, ...bearer(token) });
      expect([writes.status, allowed(writes)]).toEqual([422, site]);
      const refused = await call({ ...asked, ...bearer("wrong") });
      expect([refused.status, allowed(refused)]).toEqual([401, site]);
      for (const answer of [asks, reads, writes, refused]) {
        expect(answer.headers.get("vary")?.toLowerCase()).toContain("origin");
        expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      }
    });

    test("never in the name of whoever is logged in there", async () => {
      const own = `homereel=${token}`;
      expect((await call({ ...asked, cookie: own })).status).toBe(403);
      expect((await call({ ...asked, cookie: own, ...bearer(token) })).status).toBe(403);
      expect((await call({ ...asked, authorization: "Basic YTpi" })).status).toBe(403);
    });

    test("never reflects another origin", async () => {
      for (const origin of [
        "https://evil.example",
        "null",
        `${site}.evil.example`,
        `${site}:8443`,
        site.toUpperCase(),
      ]) {
        const reads = await open.request("/api/v1/videos", { headers: { origin, ...bearer(token) } });
        const asks = await open.request("/api/v1/videos", {
          method: "OPTIONS",
          headers: { ...preflight, origin },
        });
        expect([origin, allowed(reads), allowed(asks)]).toEqual([origin, null, null]);
        // What is kept between must not be given to the site that is named.
        expect(reads.headers.get("vary")?.toLowerCase()).toContain("origin");
        expect((await call({ "sec-fetch-site": "cross-site", origin, ...bearer(token) })).status).toBe(403);
      }
    });

    test("and for the API only", async () => {
      for (const path of ["/", "/login", "/healthz", `/videos/${things.video}/stream`, "/api/docs"])
        expect(said(await open.request(path, { headers: { ...asked, ...bearer(token) } }))).toEqual([]);
    });
  });
});

describe("safe redirects: after logging in one stays here", () => {
  const hostile = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "\u0000//evil.example",
    " //evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/./\\evil.example",
    "/%2f%2fevil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/\u2028/evil.example",
    "/@evil.example",
    "@evil.example",
    ".evil.example",
    "http:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "/a\r\nSet-Cookie: homereel=x",
    "?next=//evil.example",
    "#//evil.example",
    "/".repeat(5000),
  ];
  const here = "http://shelf.test/login";
  const isHere = (location: string | null) => new URL(location ?? "", here).origin === "http://shelf.test";

  test.each(hostile)("not at %j", async (next) => {
    const query = new URLSearchParams({ next });
    const again = await app.request(`/login?${query}`, { headers: bearer() });
    const theme = await app.request("/theme", form({ theme: "dark", next }));
    const joined = await app.request("/register", { ...form({ next }), headers: bearer() });
    for (const { status, headers } of [again, theme, joined]) {
      expect([302, 303]).toContain(status);
      expect([next, headers.get("location"), isHere(headers.get("location"))]).toEqual([
        next,
        headers.get("location"),
        true,
      ]);
      expect(headers.getSetCookie().some((one) => one.startsWith("homereel="))).toBe(false);
    }
    const page = await (await app.request(`/login?${query}`)).text();
    for (const [, address] of page.matchAll(/(?:href|action|name="next" value)="([^"]*)"/g))
      expect([next, address, isHere(address?.replaceAll("&amp;", "&") ?? "")]).toEqual([next, address, true]);
  });

  test("by the form itself too, and where they were going", async () => {
    const { user } = await addPerson(app, "traveller");
    await setPassword(app.deps, null, user.id, password);
    const logIn = (next: string) => app.request("/login", form({ email: user.email, password, next }));
    expect((await logIn("//evil.example")).headers.get("location")).toBe("/");
    expect((await logIn("/videos/1?t=2")).headers.get("location")).toBe("/videos/1?t=2");
    const asked = await app.request("//evil.example/%2f", { headers: { accept: "text/html" } });
    const onward = new URL(asked.headers.get("location") ?? "", here).searchParams.get("next") ?? "";
    expect((await logIn(onward)).headers.get("location")).toBe("/");
  });
});
