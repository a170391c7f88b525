import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { getUserByEmail, listAudit, setPassword } from "../../src/features/accounts/accounts.ts";

let app: TestApp;
beforeAll(() => (app = openTestApp()));
afterAll(() => app.close());

const problemOf = async (response: Response) => (await response.json()) as { code: string; field?: string };

describe("the first start", () => {
  test("has no open form that makes an admin", async () => {
    for (const token of ["", "x", "0".repeat(43)]) {
      const page = await app.request(`/setup?token=${token}`);
      expect(page.status).toBe(403);
      const values = { token, name: "Eve", email: "eve@example.org", password };
      expect((await app.request("/setup", form(values))).status).toBe(403);
    }
    expect(await (await app.request("/login")).text()).toContain("not set up yet");
  });

  test("offers nobody to log in before there is an account, but says how the first is made", async () => {
    for (const [path, status, title] of [
      ["/login", 200, "Homereel is not set up yet."],
      ["/register", 403, "Homereel is not set up yet."],
      ["/setup?token=old", 403, "This set-up link is not valid any more."],
    ] as const) {
      const page = await app.request(path);
      const html = await page.text();
      expect([path, page.status]).toEqual([path, status]);
      expect(html).toContain(`<h1>${title}</h1>`);
      expect(html).toContain("Restart Homereel");
      expect(html).toContain("homereel users create");
      expect(html).not.toMatch(/class="button [^"]*"[^>]*>(?:<[^>]*>)*Log in/);
      expect(html).not.toContain('type="password"');
    }
  });

  test("makes one admin by the printed link, once", async () => {
    const token = app.deps.setupToken.issue(app.deps.now());
    const page = await app.request(`/setup?token=${token}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(token);

    const short = await app.request(
      "/setup",
      form({ token, name: "Ada", email: "ada@example.org", password: "short" }),
    );
    expect(short.status).toBe(422);
    expect(await short.text()).toContain("shorter than 10 characters");

    const values = { token, name: "Ada", email: "Ada@Example.org ", password };
    const made = await app.request("/setup", form(values));
    expect(made.status).toBe(303);
    const cookie = made.headers.get("set-cookie") ?? "";
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Lax");
    const gallery = await app.request("/", { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(gallery.status).toBe(200);
    expect(getUserByEmail(app.deps, "ada@example.org").lastLoginAt).not.toBeNull();
    expect(listAudit(app.deps, { action: "login" }).items).toMatchObject([{ actorName: "Ada" }]);

    expect((await app.request("/setup", form({ ...values, email: "eve@example.org" }))).status).toBe(403);
    const again = app.deps.setupToken.issue(app.deps.now());
    expect((await app.request(`/setup?token=${again}`)).status).toBe(403);
  });
});

describe("logging in", () => {
  test("gives a cookie and leads on to a path of ours", async () => {
    const values = { email: "ada@example.org", password };
    const onward = await app.request("/login", form({ ...values, next: "/downloads" }));
    expect(onward.status).toBe(303);
    expect(onward.headers.get("location")).toBe("/downloads");
    const away = await app.request("/login", form({ ...values, next: "https://evil.example/" }));
    expect(away.headers.get("location")).toBe("/admin");
    await app.join("plain");
    const plain = await app.request("/login", form({ email: "plain@example.org", password, next: "/" }));
    expect(plain.headers.get("location")).toBe("/");
  });

  test("says the same for an unknown e-mail and a wrong password", async () => {
    const wrong = await app.request("/login", form({ email: "ada@example.org", password: "wrong" }));
    const unknown = await app.request("/login", form({ email: "nobody@example.org", password: "wrong" }));
    expect(wrong.status).toBe(401);
    expect(unknown.status).toBe(401);
    const strip = (html: string, email: string) =>
      html.replaceAll(email, "").replaceAll(/nonce="[^"]*"/g, "");
    expect(strip(await unknown.text(), "nobody@example.org")).toBe(
      strip(await wrong.text(), "ada@example.org"),
    );
  });

  test("works for programs, and says when it ends", async () => {
    const response = await app.request("/api/v1/auth/login", json({ email: "ada@example.org", password }));
    const body = (await response.json()) as { token: string; expires_at: string; user: { role: string } };
    expect(body.user.role).toBe("admin");
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now());
    const me = await app.request("/api/v1/auth/verify", { as: body.token });
    expect(await me.json()).toMatchObject({ user: { email: "ada@example.org" } });
  });

  test("is slowed down for one account after ten wrong tries, whatever its case", async () => {
    await app.join("slow");
    let last = await app.request("/api/v1/auth/login", json({ email: "slow@example.org", password: "x" }));
    for (let i = 0; i < 10; i++) {
      last = await app.request("/api/v1/auth/login", json({ email: " SLOW@example.org", password: "x" }));
    }
    expect(last.status).toBe(429);
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await problemOf(last)).code).toBe("rate_limited");
    const other = await app.request("/api/v1/auth/login", json({ email: "ada@example.org", password }));
    expect(other.status).toBe(200);
  });

  test("ends with logging out, and everywhere with a new password", async () => {
    const token = await app.join("changing");
    const leaving = await app.join("leaving");
    const out = await app.request("/logout", { method: "POST", as: leaving });
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await app.request("/api/v1/videos", { as: leaving })).status).toBe(401);
    const { id } = getUserByEmail(app.deps, "changing@example.org");
    await setPassword(app.deps, null, id, "another long password");
    expect((await app.request("/api/v1/videos", { as: token })).status).toBe(401);
  });
});

describe("every door but the open ones asks for a login", () => {
  const doors = [
    ["GET", "/"],
    ["GET", "/videos/x"],
    ["GET", "/videos/x/stream"],
    ["GET", "/videos/x/file"],
    ["GET", "/thumbnails/x/1.jpg"],
    ["GET", "/downloads"],
    ["POST", "/downloads"],
    ["GET", "/events"],
    ["GET", "/api/docs"],
    ["GET", "/api/v1/openapi.json"],
    ["GET", "/api/v1/videos"],
    ["POST", "/api/v1/downloads"],
    ["GET", "/api/v1/nothing-here"],
    ["GET", "/nothing-here"],
  ] as const;
  test.each(doors)("%s %s", async (method, path) => {
    const response = await app.request(path, { method });
    expect(response.status).toBe(401);
    const asPage = await app.request(path, { method, headers: { accept: "text/html" } });
    if (method === "GET") expect(asPage.headers.get("location")).toStartWith("/login");
    else expect(asPage.status).toBe(401);
  });

  test("health is open and tells nothing", async () => {
    expect(await (await app.request("/healthz")).json()).toEqual({ status: "alive" });
    expect((await app.request("/readyz")).status).toBe(200);
    const { tools } = app.deps;
    const known = tools.ffprobe;
    tools.ffprobe = "/nowhere/ffprobe";
    const without = await app.request("/readyz");
    tools.ffprobe = known;
    expect(without.status).toBe(503);
    expect(await without.json()).toMatchObject({ status: "not ready", ffprobe: false });
  });

  test("a cookie that another site's page sends along does nothing", async () => {
    const token = await app.join("victim");
    const headers = {
      cookie: `homereel=${token}`,
      "sec-fetch-site": "cross-site",
      origin: "https://evil.example",
    };
    const response = await app.request("/downloads", { ...form({ urls: "https://example.org/" }), headers });
    expect(response.status).toBe(403);
    const own = { cookie: `homereel=${token}`, "sec-fetch-site": "same-origin" };
    expect((await app.request("/theme", { ...form({ theme: "dark" }), headers: own })).status).toBe(303);
  });
});

describe("every answer", () => {
  test.each(["/login", "/healthz", "/nothing-here", "/api/v1/videos"])(
    "%s carries the headers",
    async (path) => {
      const { headers } = await app.request(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    },
  );

  test("that is a page is kept by no cache between", async () => {
    expect((await app.request("/login")).headers.get("cache-control")).toBe("private, no-cache");
  });

  test("has a nonce of its own", async () => {
    const nonce = async () =>
      /nonce-([^']+)/.exec((await app.request("/login")).headers.get("content-security-policy") ?? "")?.[1];
    expect(await nonce()).not.toBe(await nonce());
  });
});

describe("with a public URL over TLS", () => {
  test("cookies are tied to the host, and other hosts refused", async () => {
    const secure = openTestApp({ HOMEREEL_SERVER_PUBLIC_URL: "https://shelf.test" });
    try {
      const token = secure.deps.setupToken.issue(secure.deps.now());
      const values = { token, name: "Ada", email: "ada@example.org", password };
      const cookie = (await secure.request("/setup", form(values))).headers.get("set-cookie") ?? "";
      expect(cookie).toStartWith("__Host-homereel=");
      expect(cookie).toContain("Secure");
      expect((await secure.request("/login")).headers.get("strict-transport-security")).toContain("max-age");
      const rebound = await secure.request("/login", { headers: { host: "evil.example" } });
      expect(rebound.status).toBe(403);
      expect((await secure.request("/login", { headers: { host: "shelf.test" } })).status).toBe(200);
    } finally {
      await secure.close();
    }
  });
});
