import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../scripts/checks/http.ts";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import { paths } from "../../src/paths.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { dropFiles } from "../fixtures/files.ts";
import { logInOn } from "../fixtures/log-in.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { openFaultyS3, s3Failure } from "../fixtures/s3-faults.ts";
import type { Fault, FaultyS3 } from "../fixtures/s3-faults.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import { clipOfSize, metadata, tusRoot } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

describe.skipIf(!hasMinio)("a browser and a bucket", () => {
  const films = newDataDir();
  const film = join(films.path, "The long way home.mp4");
  const words = join(films.path, "A tale of the long way home.mp4");
  const short = join(films.path, "Only a part of the long way home.mp4");
  let minio: Minio;
  let bucket: S3Options;
  /** Where browsers reach the bucket; the server has its own way there. */
  let door: FaultyS3;
  let app: TestApp;
  let server: Bun.Server<undefined>;
  let browser: Browser;
  let guest: Visit;
  let page: Page;
  let people = 0;
  /** What the server was sent of files. */
  let received = { patches: 0, bytes: 0 };
  /** The numbers of the parts that the bucket took. */
  let taken: string[] = [];
  /** How many it has and did not answer yet. */
  let coming = 0;
  /** Those that it was sent without an answer coming back: it may have them or not. */
  let unanswered: string[] = [];

  beforeAll(async () => {
    [minio, browser] = await Promise.all([
      startMinio(),
      openBrowser({ args: ["--host-resolver-rules=MAP shelf.test 127.0.0.1"] }),
    ]);
    bucket = await minio.newBucket();
    door = openFaultyS3(minio.endpoint);
    app = openTestApp({
      ...s3Settings(bucket),
      HOMEREEL_STORAGE_S3_PUBLIC_ENDPOINT: door.endpoint,
      HOMEREEL_UPLOADS_VISIBILITY: "private",
    });
    await app.start();
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, self) => {
        if (new URL(request.url).pathname.startsWith("/api/v1/uploads")) {
          received.bytes += Number(request.headers.get("content-length") ?? 0);
          if (request.method === "PATCH") received.patches += 1;
        }
        return app.router.fetch(request, self);
      },
    });
    writeFileSync(film, clipOfSize(await mp4Clip(), 40_000_000));
    writeFileSync(short, clipOfSize(await mp4Clip(), 9_000_000));
  });
  afterAll(async () => {
    await browser.close();
    await server.stop(true);
    await app.close();
    await door.close();
    await minio.close();
    films.remove();
  });
  beforeEach(async () => {
    received = { patches: 0, bytes: 0 };
    taken = [];
    unanswered = [];
    takeParts();
    guest = await visitAs(server.url.origin);
    page = guest.page;
  });
  afterEach(() => guest.close());

  async function visitAs(origin: string): Promise<Visit> {
    const fresh = await visit(browser, origin);
    const token = await app.join(`ada${people++}`);
    await fresh.context.addCookies([{ name: "homereel", value: token, url: origin }]);
    return fresh;
  }

  /** Each part takes so long, unless `first` answers in place of the bucket. */
  function takeParts(ms: number | ((n: string) => number) = 0, first?: (n: string) => Response | null): void {
    const fault: Fault = async (request, forward) => {
      const n = new URL(request.url).searchParams.get("partNumber");
      if (request.method !== "PUT" || n === null) return forward();
      coming += 1;
      try {
        await Promise.race([Bun.sleep(typeof ms === "number" ? ms : ms(n)), isStopped(request)]);
        // As if it had been slow to come: what was stopped did not.
        if (request.signal.aborted) return new Response(null, { status: 499 });
        const refusal = first?.(n);
        if (refusal) return open(request, refusal);
        const answer = await forward();
        if (answer.ok) taken.push(n);
        if (answer.status === 502) unanswered.push(n);
        return answer;
      } finally {
        coming -= 1;
      }
    };
    door.setFault(fault);
  }

  const isStopped = ({ signal }: Request) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  /** Nothing that was sent before may come later. */
  const allCame = () => until(() => (coming === 0 ? true : null));

  /** A browser shows nothing of an answer that is not for its site. */
  function open(request: Request, answer: Response): Response {
    answer.headers.set("access-control-allow-origin", request.headers.get("origin") ?? "");
    return answer;
  }

  const row = (on = page) => on.locator("#uploads .upload", { hasText: "he long way home" });
  const press = (act: string, on = page) => row(on).locator(`[data-act=${act}]`).click();
  const isIn = (state: string, on = page) =>
    row(on)
      .and(on.locator(`[data-state=${state}]`))
      .waitFor({ timeout: 30_000 });
  const send = async (on = page, path = film) => {
    await on.goto(paths.gallery());
    await dropFiles(on, [{ path }]);
  };

  async function readyFilm(on = page, path = film): Promise<void> {
    const sum = await sha256OfFile(path);
    await until(async () => {
      const answer = await on.request.get("/api/v1/videos?owner=me");
      const { items } = (await answer.json()) as { items: { state: string; sha256: string }[] };
      return items.some((one) => one.state === "READY" && one.sha256 === sum) || null;
    });
  }

  async function leftovers(): Promise<number> {
    let count = 0;
    for await (const _ of openS3Storage(bucket).list("arrivals/")) count += 1;
    const rows = app.deps.db.query.uploads.findMany().sync();
    for (const { id } of rows) {
      const ask = { Bucket: bucket.bucket, Prefix: `arrivals/${id}` };
      count += ((await minio.client.send(new ListMultipartUploadsCommand(ask))).Uploads ?? []).length;
    }
    return count;
  }

  const sorted = () => taken.toSorted();
  const all = ["1", "2", "3", "4", "5"];

  test("a file goes straight there, and the server gets none of its bytes", async () => {
    await send();
    await isIn("done");
    await readyFilm();
    expect(sorted()).toEqual(all);
    expect(received.patches).toBe(0);
    expect(received.bytes).toBeLessThan(2000);
    expect(await leftovers()).toBe(0);
    expect(guest.complaints).toEqual([]);
  });

  test("one sees how far it is; it is paused, goes on, and cancelled leaves nothing", async () => {
    // Slow enough to be seen, and to be stopped, on a busy machine.
    takeParts((n) => (n === "1" ? 1500 : 25_000));
    await send();
    await row()
      .getByText(/[\d.]+ MB of 40 MB/)
      .waitFor();
    await row().getByText(/MB\/s/).waitFor();
    await row().getByText(/ left/).waitFor();
    await until(() => (taken.length > 0 ? true : null));
    await press("pause");
    await isIn("paused");
    await allCame();
    const before = taken.length;
    await Bun.sleep(700);
    expect([coming, taken.length]).toEqual([0, before]);
    takeParts((n) => (n === "5" ? 20_000 : 500));
    await press("resume");
    await until(() => (taken.length > before ? true : null));
    await press("cancel");
    await row().waitFor({ state: "detached" });
    await until(() =>
      app.deps.db.query.uploads
        .findMany()
        .sync()
        .every(({ state }) => state === "done")
        ? true
        : null,
    );
    await app.idle();
    expect(await leftovers()).toBe(0);
    expect(received.patches).toBe(0);
  });

  test("after a reload it goes on, and what the bucket has is not sent again", async () => {
    takeParts(700);
    await send();
    await until(() => (taken.length >= 2 ? true : null));
    await page.goto("about:blank");
    await allCame();
    const before = [...taken];
    taken = [];
    takeParts();
    await page.goto(paths.account());
    await isIn("done");
    await readyFilm();
    expect([...before, ...taken].toSorted()).toEqual(all);
    expect(taken.length).toBeLessThan(5);
    expect(received.patches).toBe(0);
  });

  test("an address that is over is asked anew", async () => {
    const refused = new Set<string>();
    takeParts(0, (n) => {
      if (refused.has(n)) return null;
      refused.add(n);
      return s3Failure(403, "AccessDenied");
    });
    await send();
    await isIn("done");
    expect(sorted()).toEqual(all);
    expect(refused.size).toBe(5);
  });

  test("a lost network is said, and it goes on by itself", async () => {
    takeParts(500);
    await send();
    await until(() => (taken.length > 0 ? true : null));
    await guest.context.setOffline(true);
    await isIn("lost");
    await guest.context.setOffline(false);
    await isIn("done");
    await readyFilm();
    expect(received.patches).toBe(0);
  });

  test("of two open pages one sends it, and when that is closed the other goes on", async () => {
    takeParts(1200);
    await send();
    await until(() => (taken.length > 0 ? true : null));
    const second = await guest.context.newPage();
    await second.goto(paths.account());
    await isIn("sending", second);
    await press("pause", second);
    await isIn("paused");
    await press("resume", second);
    await isIn("sending");
    takeParts(200);
    await page.close();
    await isIn("done", second);
    await readyFilm(second);
    expect([...new Set(taken)].toSorted()).toEqual(all);
    const answer = await second.request.get("/api/v1/uploads");
    expect(((await answer.json()) as { items: unknown[] }).items).toHaveLength(1);
    expect(received.patches).toBe(0);
  });

  test("a bucket that goes away for a while gets the rest when it is back", async () => {
    takeParts(700);
    await send();
    await until(() => (taken.length > 0 ? true : null));
    await minio.stop();
    await isIn("lost");
    const before = [...taken];
    taken = [];
    await minio.start();
    await isIn("done");
    await readyFilm();
    const answered = [...before, ...taken];
    expect(answered).toEqual([...new Set(answered)]);
    expect([...new Set([...answered, ...unanswered])].toSorted()).toEqual(all);
    expect(received.patches).toBe(0);
    await until(async () => (await leftovers()) === 0 || null);
  });

  test("who is logged out meanwhile hears of it, and logged in again it goes on", async () => {
    let begins = 0;
    page.on("request", (request) => (begins += Number(request.url().endsWith("/uploads/s3"))));
    takeParts(700);
    await send();
    await until(() => (taken.length > 0 ? true : null));
    const cookies = await guest.context.cookies();
    await guest.context.clearCookies();
    await isIn("failed");
    await row().getByText("You are logged out.").waitFor();
    await allCame();
    const before = [...taken];
    taken = [];
    await press("retry");
    await isIn("failed");
    await row().getByText("You are logged out.").waitFor();
    expect(taken).toEqual([]);
    await guest.context.addCookies(cookies);
    await page.goto(paths.account());
    await isIn("done");
    await readyFilm();
    expect([...before, ...taken].toSorted()).toEqual(all);
    expect(begins).toBe(1);
  });

  test("what a program began by tus goes on by tus", async () => {
    const bytes = readFileSync(film);
    const headers = { "tus-resumable": "1.0.0", origin: server.url.origin };
    const said = metadata({ filename: basename(film) });
    const begun = await page.request.post(tusRoot, {
      headers: { ...headers, "upload-length": String(bytes.length), "upload-metadata": said },
    });
    const half = {
      ...headers,
      "content-type": "application/offset+octet-stream",
      "upload-offset": "0",
    };
    await page.request.patch(begun.headers().location ?? "", {
      headers: half,
      data: bytes.subarray(0, 20_000_000),
    });
    received = { patches: 0, bytes: 0 };
    await send();
    await isIn("done");
    await readyFilm();
    expect(taken).toEqual([]);
    expect(received.patches).toBeGreaterThan(0);
    expect(received.bytes).toBeLessThan(21_000_000);
    expect(await leftovers()).toBe(0);
  });

  test("told to ask less often, it does not take it for gone", async () => {
    let [isComplete, isLimited] = [false, true];
    page.on("request", (request) => (isComplete ||= request.url().endsWith("/complete")));
    await page.route("**/api/v1/uploads/*", (route) =>
      isComplete && isLimited && route.request().method() === "GET"
        ? route.fulfill({ status: 429, body: "{}" })
        : route.fallback(),
    );
    await send(page, short);
    await isIn("lost");
    await readyFilm(page, short);
    isLimited = false;
    await isIn("done");
  });

  test("a server that is killed and started again takes what the bucket has", async () => {
    const data = newDataDir();
    const settings = {
      ...s3Settings(bucket),
      HOMEREEL_STORAGE_S3_PUBLIC_ENDPOINT: door.endpoint,
      HOMEREEL_SERVER_PORT: String(freePort()),
    };
    let own = await startServer({ dataDir: data.path, settings });
    const other = await visit(browser, own.origin);
    try {
      await logInOn(other.page, adminEmail);
      takeParts(700);
      await send(other.page);
      await until(() => (taken.length > 0 ? true : null));
      await own.kill();
      await isIn("lost", other.page);
      own = await startServer({ dataDir: data.path, settings });
      await isIn("done", other.page);
      await readyFilm(other.page);
      expect(sorted()).toEqual(all);
    } finally {
      await other.close();
      await own.stop();
      data.remove();
    }
  });

  test("what is no video is said, and nothing of it stays", async () => {
    writeFileSync(words, "Nothing but words. ".repeat(1000));
    await send(page, words);
    await isIn("failed");
    await row()
      .getByText(/not a video/i)
      .waitFor();
    await app.idle();
    expect(await leftovers()).toBe(0);
  });

  test("without TLS, as in most homes, it is the same", async () => {
    const other = await visitAs(server.url.origin.replace("127.0.0.1", "shelf.test"));
    await send(other.page);
    expect(await other.page.evaluate(() => isSecureContext)).toBe(false);
    await isIn("done", other.page);
    expect(sorted()).toEqual(all);
    expect(received.patches).toBe(0);
    await other.close();
  });

  test.each(["refuses", "says nothing"])(
    "a bucket that %s, asked by this browser, is passed by, without a word",
    async (how) => {
      if (how === "says nothing") await page.clock.install();
      let asked = 0;
      await guest.context.route(`${door.endpoint}/**`, (route) => {
        asked += 1;
        if (how === "refuses") return route.abort();
        return new Promise<void>(() => {});
      });
      const said: string[] = [];
      await send(page, short);
      const look = async () =>
        void said.push(
          await row()
            .innerText()
            .catch(() => ""),
        );
      const watch = setInterval(() => void look(), 100);
      await until(() => (asked > 0 ? true : null));
      // As long as a page waits for a bucket that says nothing.
      if (how === "says nothing") await page.clock.fastForward(16_000);
      await until(() => (received.patches > 0 ? true : null));
      await isIn("done");
      clearInterval(watch);
      await readyFilm(page, short);
      expect(taken).toEqual([]);
      expect(said.join("\n")).not.toMatch(/can't|failed/i);
      expect(await leftovers()).toBe(0);
    },
  );
});
