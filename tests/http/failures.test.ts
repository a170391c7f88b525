import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { DownloadLogger, mostLogBytes } from "../../src/features/downloads/logs/logs.ts";
import { json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let site: Site;
let app: TestApp;
let user: string;
let admin: string;
beforeAll(async () => {
  site = await startSite();
  app = openTestApp({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  await app.start();
  user = (await addPerson(app, "ada")).token;
  admin = (await addPerson(app, "root", "admin")).token;
});
afterEach(() => {
  site.limit = null;
  app.deps.db.$client.exec("DELETE FROM sites");
});
afterAll(async () => {
  await app.close();
  await site.stop();
});

interface Download {
  id: string;
  state: string;
  lane_reason: string;
  error: { code: string; message: string; remedy: string | null } | null;
}

const call = (path: string, init: RequestInit & { as?: string } = {}) =>
  app.request(path, { as: user, ...init });
const get = async (id: string) => (await (await call(`/api/v1/downloads/${id}`)).json()) as Download;
const start = async (path: string) => {
  const response = await call("/api/v1/downloads", json({ url: site.url(path) }));
  expect(response.status).toBe(202);
  return ((await response.json()) as Download).id;
};
const comesTo = (id: string, ...states: string[]) =>
  until(async () => {
    const download = await get(id);
    return states.includes(download.state) ? download : null;
  });
const finished = (id: string) => comesTo(id, "done", "failed", "cancelled");

interface Cooling {
  cool_down_until: number | null;
  strikes: number;
}
const cooling = () =>
  app.deps.db.$client.prepare("SELECT * FROM sites WHERE site = '127.0.0.1'").get() as Cooling | undefined;
/** Once it was turned away so often. */
const turnedAway = (times: number) => until(() => (cooling()?.strikes === times ? cooling() : null) ?? null);
/** As long as the site asked for. */
const letThePausePass = async () => {
  // The job of what was turned away ends a moment after its download waits.
  await app.idle();
  const { $client } = app.deps.db;
  $client.exec("UPDATE sites SET cool_down_until = 1; UPDATE jobs SET run_at = 1 WHERE state = 'ready'");
  app.deps.queue.lookAgain(["short", "long"]);
};

describe("a site that wants a pause", () => {
  test("gets the one that it asks for, and then the download goes on by itself", async () => {
    site.limit = { retryAfter: "600" };
    const before = Date.now();
    const id = await start("/limited.mp4");
    const { cool_down_until } = await turnedAway(1);
    expect(cool_down_until).toBeGreaterThanOrEqual(before + 600_000);
    expect(cool_down_until).toBeLessThan(Date.now() + 700_000);
    const waiting = await comesTo(id, "waiting");
    expect(waiting).toMatchObject({ error: null, lane_reason: expect.stringContaining("goes on by itself") });

    // What else is asked of this site waits with it; the site hears nothing of that.
    const asked = site.requests.length;
    const other = await start("/video.mp4");
    app.deps.queue.lookAgain(["short"]);
    await Bun.sleep(300);
    expect((await get(other)).state).toBe("waiting");
    expect(site.requests).toHaveLength(asked);

    site.limit = null;
    await letThePausePass();
    expect(await finished(id)).toMatchObject({ state: "done", error: null });
    expect((await finished(other)).state).toBe("done");
  });

  test("gets a longer one each time, where it does not say how long", async () => {
    site.limit = {};
    const id = await start("/limited.mp4");
    const first = ((await turnedAway(1)).cool_down_until ?? 0) - Date.now();
    await comesTo(id, "waiting");
    await letThePausePass();
    const second = ((await turnedAway(2)).cool_down_until ?? 0) - Date.now();
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first * 1.5);
    site.limit = null;
    await comesTo(id, "waiting");
    await letThePausePass();
    expect((await finished(id)).state).toBe("done");
  });
});

describe("what fails says what helps", () => {
  test.each([
    ["/abroad.mp4", "geo_blocked", "remove"],
    ["/login.mp4", "needs_cookies", "add_cookies"],
    ["/gone.mp4", "video_gone", "remove"],
    ["/not-a-video", "unsupported_page", "remove"],
    ["/redirect-inner", "address_not_allowed", "remove"],
    ["/live.m3u8", "live_stream", "retry"],
  ])("%s is %s, and %p", async (path, code, remedy) => {
    const { error } = await finished(await start(path));
    expect(error).toMatchObject({ code, remedy });
    expect(error?.message).toMatch(/^[A-Z].*\.$/);
  });
});

describe("the log", () => {
  test("holds every attempt with what yt-dlp said, for whose it is and for admins", async () => {
    const id = await start("/gone.mp4?token=t0ken-of-a-link");
    await finished(id);
    await call(`/api/v1/downloads/${id}/retry`, { method: "POST" });
    const { error } = await finished(id);
    const response = await call(`/api/v1/downloads/${id}/log`);
    expect(response.headers.get("content-type")).toStartWith("text/plain");
    const log = await response.text();
    expect(log.match(/^--- \d{4}-\d\d-\d\dT[\d:]{8}Z Attempt 1 to look at the page$/gm)).toHaveLength(2);
    expect(log).toContain("HTTP Error 404");
    expect(log).toContain(`${error?.message} (video_gone)`);
    expect(log).not.toMatch(/t0ken|pass:|@127/);
    expect(log).not.toContain(app.dataDir);

    const page = await (await call(`/downloads/${id}/log`)).text();
    expect(page).toContain("HTTP Error 404");
    expect(await (await call("/downloads")).text()).toContain(`/downloads/${id}/log`);
    const stranger = (await addPerson(app, "eve")).token;
    for (const path of [`/downloads/${id}/log`, `/api/v1/downloads/${id}/log`]) {
      expect((await call(path, { as: stranger })).status).toBe(404);
      expect((await call(path, { as: admin })).status).toBe(200);
    }
  });

  test("keeps its end, however much is said", async () => {
    const id = await start("/gone.mp4");
    await finished(id);
    const logger = new DownloadLogger(app.deps, id);
    for (let n = 0; n < 3000; n++)
      logger.line(`WARNING: ${n} ${"x".repeat(100)} in ${join(app.dataDir, "work/a")}`);
    logger.end();
    const log = await (await call(`/api/v1/downloads/${id}/log`)).text();
    expect(Buffer.byteLength(log)).toBeLessThanOrEqual(mostLogBytes);
    expect(Buffer.byteLength(log)).toBeGreaterThan(mostLogBytes * 0.9);
    expect(log).toStartWith("[What came before is not kept.]\nWARNING: ");
    expect(log).toEndWith(`WARNING: 2999 ${"x".repeat(100)} in work/a\n`);
  });

  test("of a download that is gone is written nowhere", async () => {
    const logger = new DownloadLogger(app.deps, "nobody");
    logger.line("WARNING: late");
    logger.end();
    const { count } = app.deps.db.$client
      .prepare("SELECT count(*) AS count FROM download_logs WHERE download_id = 'nobody'")
      .get() as { count: number };
    expect(count).toBe(0);
  });
});

describe("on the command line", () => {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const jobs = async (...args: string[]) => {
    const child = Bun.spawn([process.execPath, main, "jobs", ...args], {
      env: { PATH: process.env.PATH ?? "", HOMEREEL_DATA_DIR: app.dataDir },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, out, err };
  };

  test("the last failure is told with its log, beside a server that runs", async () => {
    const id = await start("/abroad.mp4");
    const { error } = await finished(id);
    const { code, out } = await jobs("logs", "--last-failure");
    expect(code).toBe(0);
    expect(out).toContain(id);
    expect(out).toContain(error?.message ?? "-");
    expect(out).toContain("HTTP Error 451");
    expect(JSON.parse((await jobs("logs", id, "--json")).out)).toMatchObject({
      id,
      error: { code: "geo_blocked" },
    });
    const listed = await jobs("list", "--failed");
    expect(listed.out).toMatch(new RegExp(`^${id} +failed +short .* geo_blocked$`, "m"));
    const rows = JSON.parse((await jobs("list", "--json", "--limit", "2")).out) as { id: string }[];
    expect(rows.map((row) => row.id)).toContain(id);
    expect(rows).toHaveLength(2);
  });

  test.each([
    [["logs"], 2],
    [["logs", "a", "b"], 2],
    [["logs", "a", "--last-failure"], 2],
    [["list", "--limit", "many"], 2],
    [["dance"], 2],
    [["logs", "nobody"], 1],
    [["--help"], 0],
  ])("%p ends with %p", async (args, code) => {
    expect((await jobs(...args)).code).toBe(code);
  });
});
