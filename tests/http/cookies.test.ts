import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import { memberCookie, startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let site: Site;
let app: TestApp;
let admin: string;
let user: string;
beforeAll(async () => {
  site = await startSite();
  app = openTestApp({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.0/8" });
  await app.start();
  admin = (await addPerson(app, "root", "admin")).token;
  user = (await addPerson(app, "ada")).token;
});
afterAll(async () => {
  await app.close();
  await site.stop();
});

interface Download {
  id: string;
  state: string;
  error: { code: string; message: string; hint: string; remedy: string | null } | null;
}

const host = "127.0.0.1";
const [cookieName = "", secret = ""] = memberCookie.split("=");
const year = 365 * 86_400;
const ends = Math.floor(Date.now() / 1000) + year;
const jarOf = (domain: string, value = secret) =>
  `# Netscape HTTP Cookie File\n${[domain, "FALSE", "/", "FALSE", ends, cookieName, value].join("\t")}\n`;

interface Answer<T> {
  status: number;
  text: string;
  body: T;
}

async function call<T>(
  path: string,
  init: RequestInit & { as?: string } = { as: admin },
): Promise<Answer<T>> {
  const response = await app.request(path, init);
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith("{") ? JSON.parse(text) : null };
}
const put = (name: string, cookies: string) =>
  call<{ code: string; title: string; expires_at: string }>(`/api/v1/admin/cookies/${name}`, {
    ...json({ cookies }, "PUT"),
    as: admin,
  });
const remove = (name: string) => call(`/api/v1/admin/cookies/${name}`, { method: "DELETE", as: admin });
const list = async () =>
  (await call<{ items: { site: string; test_error: string | null }[] }>("/api/v1/admin/cookies")).body.items;
const finished = (id: string) =>
  until(async () => {
    const { body } = await call<Download>(`/api/v1/downloads/${id}`, { as: user });
    return ["done", "failed", "cancelled"].includes(body.state) ? body : null;
  });
const start = async (url: string) => {
  const { status, body } = await call<Download>("/api/v1/downloads", { ...json({ url }), as: user });
  expect(status).toBe(202);
  return body.id;
};
const download = async (url: string) => finished(await start(url));
const again = async (id: string) => {
  const { status } = await call(`/api/v1/downloads/${id}/retry`, { method: "POST", as: user });
  expect(status).toBe(202);
  return finished(id);
};
const cookiesSeen = (requests: Site["requests"], from = 0) =>
  requests.slice(from).flatMap(({ headers }) => headers.cookie ?? []);

describe("a video for members", () => {
  test("wants cookies, gets them from an admin, and comes", async () => {
    const failed = await download(site.url("/members.mp4"));
    expect(failed.error).toMatchObject({ code: "needs_cookies", remedy: "add_cookies" });
    expect((await put(host, jarOf(host))).status).toBe(200);
    expect(await again(failed.id)).toMatchObject({ state: "done", error: null });
    expect(cookiesSeen(site.requests)).toContain(memberCookie);
  });

  test("is looked at with them before it is downloaded", async () => {
    const look = async () => {
      const asked = { ...json({ urls: [site.url("/members.mp4?before")] }), as: user };
      return (await call("/api/v1/downloads/preview", asked)).text;
    };
    await remove(host);
    expect(await look()).toContain("needs_cookies");
    await put(host, jarOf(host));
    const found = await look();
    expect(found).toContain('"members"');
    expect(found).not.toContain(secret);
  });

  test("is refused with 403 as well: cookies may help there", async () => {
    await remove(host);
    const failed = await download(site.url("/members.mp4?without=403"));
    expect(failed.error).toMatchObject({ code: "site_refused", remedy: "add_cookies" });
    await put(host, jarOf(host));
    expect((await again(failed.id)).state).toBe("done");
  });

  test("says that its cookies are over, where the site takes them no more", async () => {
    await put(host, jarOf(host, "0ld-and-over"));
    const { error } = await download(site.url("/members.mp4"));
    expect(error).toMatchObject({ code: "needs_cookies" });
    expect(error?.message).toContain("no longer takes the cookies");
  });
});

describe("cookies are for their site alone", () => {
  test("another host gets none, and none after a redirect", async () => {
    await put(host, jarOf(host));
    const before = site.inner.requests.length;
    expect((await download(`${site.inner.origin}/video.mp4`)).state).toBe("done");
    expect((await download(site.url("/redirect-inner"))).state).toBe("done");
    expect(site.inner.requests.length).toBeGreaterThan(before);
    expect(cookiesSeen(site.inner.requests)).toEqual([]);
    expect(site.requests.findLast(({ path }) => path === "/redirect-inner")?.headers.cookie).toBe(
      memberCookie,
    );
  });

  test("and after they are deleted nobody gets them", async () => {
    await put(host, jarOf(host));
    expect((await remove(host)).status).toBe(204);
    expect((await remove(host)).status).toBe(404);
    const before = site.requests.length;
    expect((await download(site.url("/members.mp4"))).error?.code).toBe("needs_cookies");
    expect(cookiesSeen(site.requests, before)).toEqual([]);
    expect(readdirSync(join(app.dataDir, "cookies"))).toEqual([]);
  });

  test("those of other sites in the same file are not kept", async () => {
    const { status } = await put(host, jarOf(host) + jarOf("other.example", "0ther-secret"));
    expect(status).toBe(200);
    expect(readFileSync(join(app.dataDir, "cookies", `${host}.txt`), "utf8")).not.toContain("0ther-secret");
    const none = await put("example.org", jarOf("other.example"));
    expect(none).toMatchObject({ status: 422, body: { code: "invalid_input" } });
    expect(none.body.title).toContain("None of these cookies is for example.org");
  });

  test.each(["co.uk", "org", "localhost", "github.io"])("%s is no site", async (name) => {
    expect((await put(name, jarOf(name))).status).toBe(422);
  });
});

describe("nobody reads them again", () => {
  test("neither in a file that others can open, nor in what yt-dlp was given", async () => {
    await put(host, jarOf(host));
    const folder = join(app.dataDir, "cookies");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, `${host}.txt`)).mode & 0o777).toBe(0o600);
    site.slowBytesPerSecond = 15_000;
    const id = await start(site.url("/slow.mp4"));
    const copy = join(app.dataDir, "work", id, ".cookies.txt");
    await until(() => existsSync(copy) || null);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    site.slowBytesPerSecond = 50_000_000;
    await call(`/api/v1/downloads/${id}/cancel`, { method: "POST", as: user });
    await until(() => !existsSync(copy) || null);
  });

  test("nor beside the part of a file that a pause keeps", async () => {
    await put(host, jarOf(host));
    site.slowBytesPerSecond = 15_000;
    const id = await start(site.url("/slow.mp4?paused"));
    const folder = join(app.dataDir, "work", id);
    const files = () => (existsSync(folder) ? readdirSync(folder) : []);
    await until(() => files().some((name) => name.endsWith(".part")) || null);
    expect(files()).toContain(".cookies.txt");
    await call(`/api/v1/downloads/${id}/pause`, { method: "POST", as: user });
    await app.idle();
    expect(files().some((name) => name.endsWith(".part"))).toBe(true);
    expect(files()).not.toContain(".cookies.txt");
    site.slowBytesPerSecond = 50_000_000;
    await call(`/api/v1/downloads/${id}/cancel`, { method: "POST", as: user });
  });

  test("nor in the database, a log, a page or an answer", async () => {
    const { text } = await put(host, jarOf(host));
    expect(text).not.toContain(secret);
    // The site says it back, in a link that yt-dlp's error quotes.
    const failed = await download(site.url(`/not-a-video?v=${secret}`));
    await remove(host);
    await put(host, jarOf(host));
    const paths = [
      "/admin/cookies",
      "/api/v1/admin/cookies",
      "/admin/audit",
      "/api/v1/admin/audit",
      "/admin",
    ];
    for (const path of paths) expect([path, (await call(path)).text.includes(secret)]).toEqual([path, false]);
    const log = await call(`/api/v1/downloads/${failed.id}/log`);
    expect(log.text).toContain("with cookies");
    expect(log.text).toContain("/not-a-video?v=[hidden]");
    expect(log.text).not.toContain(secret);

    const { $client } = app.deps.db;
    const tables = $client.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as {
      name: string;
    }[];
    for (const { name } of tables.filter(({ name }) => !/_fts|^videos$|^downloads$/.test(name))) {
      const rows = JSON.stringify($client.prepare(`SELECT * FROM "${name}"`).all());
      expect([name, rows.includes(secret)]).toEqual([name, false]);
    }
  });

  test("nor in what is said of a file that is wrong", async () => {
    const wrong = await put(host, `${jarOf(host)}${host}\tFALSE\t${secret}\n`);
    expect(wrong).toMatchObject({ status: 422, body: { code: "invalid_input" } });
    expect(wrong.body.title).toContain("Line 3");
    expect(wrong.text).not.toContain(secret);
    const fields = new FormData();
    fields.set("site", host);
    fields.set("cookies", `${host} ${secret}`);
    const page = await app.request("/admin/cookies", { method: "POST", body: fields, as: admin });
    expect(page.status).toBe(422);
    expect(await page.text()).not.toContain(secret);
  });

  test("and who added and deleted them is in the audit log", async () => {
    await put(host, jarOf(host));
    await remove(host);
    const { text } = await call("/api/v1/admin/audit");
    expect(text).toContain('"cookies.add"');
    expect(text).toContain('"cookies.delete"');
  });
});

describe("the page", () => {
  const send = (fields: Record<string, string | File>, path = "/admin/cookies") => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return app.request(path, { method: "POST", body, as: admin });
  };

  test("takes a file, or text, and lists what there is", async () => {
    const file = new File([jarOf(host)], "cookies.txt", { type: "text/plain" });
    const added = await send({ site: `http://${host}/watch`, file, cookies: "" });
    expect(added.status).toBe(200);
    expect(await added.text()).toContain("are kept");
    expect((await send({ site: "example.org", cookies: jarOf("example.org") })).status).toBe(200);
    expect((await list()).map((jar) => jar.site)).toEqual([host, "example.org"]);
    await remove("example.org");
  });

  test("tests them, and keeps what came of it", async () => {
    await put(host, jarOf(host));
    const fine = await send({ url: site.url("/members.mp4") }, `/admin/cookies/${host}/test`);
    expect(await fine.text()).toContain("answers as it should");
    await put(host, jarOf(host, "0ld-and-over"));
    await send({ url: site.url("/members.mp4") }, `/admin/cookies/${host}/test`);
    expect((await list())[0]?.test_error).toContain("no longer takes the cookies");
    const elsewhere = await send({ url: `${site.inner.origin}/video.mp4` }, `/admin/cookies/${host}/test`);
    expect(elsewhere.status).toBe(422);
    await until(() => readdirSync(join(app.dataDir, "work")).length === 0 || null);
  });

  test("is where a download that wants cookies sends admins, and nobody else", async () => {
    await remove(host);
    await download(site.url("/members.mp4"));
    expect((await call("/downloads")).text).toContain(`/admin/cookies?site=${host}`);
    const others = await call("/downloads", { as: user });
    expect(others.text).toContain("An admin can add cookies");
    expect(others.text).not.toContain("/admin/cookies");
  });
});
