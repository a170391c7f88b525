import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { setPassword } from "../../src/features/accounts/accounts.ts";
import { keys } from "../../src/storage/keys.ts";
import { assetUrl } from "../../src/web/assets.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addFile, addPerson, addThings, addVideo } from "../fixtures/cast.ts";
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
    const unsafe = routes.filter((route) => !/^(GET|HEAD) /.test(route));
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

describe("CSP and the headers that go with it", () => {
  const range = { range: "bytes=0-3" };
  const cases: Record<string, [path: () => string, init: RequestInit & { status: number }]> = {
    "a page": [() => "/", { status: 200 }],
    "a page for nobody": [() => "/login", { status: 200, headers: { authorization: "" } }],
    "an answer of the API": [() => "/api/v1/videos", { status: 200 }],
    "a failure of the API": [() => "/api/v1/videos/none", { status: 404 }],
    "a refusal by the API": [() => "/api/v1/videos", { status: 401, headers: { authorization: "" } }],
    "what does not fit": [() => "/api/v1/downloads", { status: 422, ...json({}) }],
    "what is refused": [() => "/theme", { status: 403, method: "POST", headers: { origin: "null" } }],
    "a page that says what is wrong": [() => "/videos/none", { status: 404 }],
    "nothing there": [() => "/nothing-here", { status: 404 }],
    "a way on": [() => "/login", { status: 302 }],
    "a way on after a form": [() => "/theme", { status: 303, ...form({ theme: "dark" }) }],
    "a stream": [() => `/videos/${things.video}/stream`, { status: 200 }],
    "a part of a stream": [() => `/videos/${things.video}/stream`, { status: 206, headers: range }],
    "a stream past its end": [
      () => `/videos/${things.video}/stream`,
      { status: 416, headers: { range: "bytes=99-" } },
    ],
    "a HEAD of a stream": [() => `/videos/${things.video}/stream`, { status: 200, method: "HEAD" }],
    "a stream that is not there": [() => "/videos/none/stream", { status: 404 }],
    "a download": [() => `/videos/${things.video}/file`, { status: 200 }],
    "a picture": [() => `/thumbnails/${things.video}/2.jpg`, { status: 200 }],
    "a style": [() => assetUrl("app.css"), { status: 200 }],
    "a drawing of ours": [() => assetUrl("favicon.svg"), { status: 200 }],
    "no style": [() => "/assets/none.css", { status: 404 }],
    "the icon": [() => "/favicon.ico", { status: 301 }],
    "live events": [() => "/events", { status: 200 }],
    "the API's own page": [() => "/api/docs", { status: 200 }],
    "a preflight": [() => "/api/v1/videos", { status: 404, method: "OPTIONS" }],
    "a sign of life": [() => "/healthz", { status: 200 }],
  };
  const ask = (name: string, headers: Record<string, string> = bearer()) => {
    const [path, { status: _, ...init }] = cases[name] ?? [() => "", { status: 0 }];
    return app.request(path(), {
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string>) },
    });
  };

  function checkHeaders({ headers }: Response): void {
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("x-frame-options")).toBe("DENY");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none';");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    for (const directive of ["base-uri 'none'", "frame-ancestors 'none'"])
      expect(policy).toContain(directive);
    // Over plain HTTP a browser that kept it would never come back.
    expect(headers.has("strict-transport-security")).toBe(false);
  }

  test.each(Object.keys(cases))("are on %s", async (name) => {
    const answer = await ask(name);
    await answer.body?.cancel();
    expect(answer.status).toBe(cases[name]?.[1].status ?? 0);
    checkHeaders(answer);
  });

  test("are on a range that takes the short way", async () => {
    const path = `/videos/${things.video}/stream`;
    await app.request(path, { headers: { cookie: cookie() } });
    const answer = await app.request(path, { headers: { cookie: cookie(), ...range } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get("content-security-policy")).not.toContain("script-src");
    checkHeaders(answer);
  });

  test("are on what failed by a fault of ours", async () => {
    const { $client } = app.deps.db;
    const { log } = app.deps;
    Object.assign(app.deps, { log: { ...log, error: () => {} } });
    $client.exec("ALTER TABLE tags RENAME TO gone");
    try {
      for (const path of ["/", "/api/v1/videos?tag=a"]) {
        const answer = await app.request(path, { headers: bearer() });
        expect([path, answer.status]).toEqual([path, 500]);
        expect(await answer.text()).not.toMatch(/no such table|select/i);
        checkHeaders(answer);
      }
    } finally {
      $client.exec("ALTER TABLE gone RENAME TO tags");
      Object.assign(app.deps, { log });
    }
  });

  test("let only our own scripts run, and only those that a page named itself", async () => {
    const pages = routes.filter((route) => route.startsWith("GET /") && !route.includes("/api/v1"));
    let seen = 0;
    for (const route of pages) {
      const answer = await app.request(pathOf(route, things), { headers: bearer() });
      if (!answer.headers.get("content-type")?.startsWith("text/html")) {
        await answer.body?.cancel();
        continue;
      }
      seen += 1;
      const html = await answer.text();
      const policy = answer.headers.get("content-security-policy") ?? "";
      const nonce = /script-src 'self' 'nonce-([\w-]+)'/.exec(policy)?.[1] ?? "none";
      for (const [tag] of html.matchAll(/<script\b[^>]*>/g)) {
        const isOurs = tag.includes(`nonce="${nonce}"`) || /src="\/assets\//.test(tag);
        expect([route, tag, isOurs]).toEqual([route, tag, true]);
      }
      expect([
        route,
        ...html.matchAll(/\son\w+=|\sstyle="|javascript:|<(?:iframe|object|embed|base)\b/g),
      ]).toEqual([route]);
    }
    expect(seen).toBeGreaterThan(4);
  });

  test("say over TLS that there is no other way", async () => {
    await withApp({ HOMEREEL_SERVER_PUBLIC_URL: "https://shelf.test" }, async (other, { token }) => {
      for (const path of ["/login", "/api/v1/videos", "/nothing-here", "/assets/none.js"])
        expect(
          (await other.request(path, { headers: bearer(token) })).headers.get("strict-transport-security"),
        ).toContain("max-age=");
    });
  });
});

describe("no script of a person's file runs in our origin", () => {
  const script = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.domain)</script></svg>";
  test.each([
    "text/html",
    "image/svg+xml",
    "application/xhtml+xml",
    "text/xml",
    "application/pdf",
    "text/javascript",
    "",
  ])("whatever its row says that it is: %s", async (mime) => {
    const id = addVideo(app, admin.user, `A file <script>"of" ${mime}`);
    addFile(app, id, { kind: "original", key: keys.original(id, "mp4"), mime, text: script });
    addFile(app, id, { kind: "thumbnail", n: 2, key: keys.thumbnail(id, "2"), mime, text: script });
    const paths = [`/videos/${id}/stream`, `/videos/${id}/file`, `/thumbnails/${id}/2.jpg`];
    for (const path of paths) {
      const asked = [bearer(), { cookie: cookie() }, { cookie: cookie(), range: "bytes=0-" }];
      for (const headers of asked as Record<string, string>[]) {
        const answer = await app.request(path, { headers });
        expect(await answer.text()).toBe(script);
        const said = (name: string) => answer.headers.get(name) ?? "";
        expect(said("content-type")).toBe("application/octet-stream");
        expect(said("content-disposition")).toStartWith("attachment");
        expect(said("content-security-policy")).toBe("default-src 'none'; sandbox");
        expect(said("x-content-type-options")).toBe("nosniff");
      }
    }
    const page = await (await app.request(`/videos/${id}`, { headers: bearer() })).text();
    expect(page).not.toContain("A file <script>");
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
