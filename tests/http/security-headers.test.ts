import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { keys } from "../../src/storage/keys.ts";
import { assetUrl } from "../../src/web/assets.ts";
import { form, json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addFile, addPerson, addThings, addVideo } from "../fixtures/cast.ts";
import type { Person, Things } from "../fixtures/cast.ts";
import { pathOf } from "../fixtures/doors.ts";

let app: TestApp;
let admin: Person;
let things: Things;
let routes: string[];
beforeAll(async () => {
  app = openTestApp();
  admin = await addPerson(app, "admin", "admin");
  things = await addThings(app, admin.user, (await addPerson(app, "spare")).user);
  routes = [...new Set((await app.router.routes()).map(({ method, path }) => `${method} ${path}`))];
});
afterAll(() => app.close());

const cookie = () => `homereel=${admin.token}`;
const bearer = (token = admin.token) => ({ authorization: `Bearer ${token}` });

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

  test("say of a page what it may load, and from nowhere else", async () => {
    const policy =
      (await app.request("/", { headers: bearer() })).headers.get("content-security-policy") ?? "";
    expect(
      policy
        .replace(/nonce-[\w-]{22}/, "nonce-NEW")
        .split("; ")
        .sort(),
    ).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "font-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' blob: data:",
      "manifest-src 'self'",
      "media-src 'self' blob:",
      "script-src 'self' 'nonce-NEW'",
      "style-src 'self'",
    ]);
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
      // The one address of a script is for the browser's bookmarks: on our own page the policy stops it.
      const html = (await answer.text())
        .replaceAll(/(?:href|value)="javascript:[^"]*"(?=[^>]*bookmarklet)/g, "")
        .replaceAll(/(?<=id="bookmarklet" )value="javascript:[^"]*"/g, "");
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
    const secure = openTestApp({ HOMEREEL_SERVER_PUBLIC_URL: "https://shelf.test" });
    for (const path of ["/login", "/api/v1/videos", "/nothing-here", "/assets/none.js"]) {
      const { headers } = await secure.request(path);
      expect(headers.get("strict-transport-security")).toContain("max-age=");
    }
    await secure.close();
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
