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
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import type { User } from "../../src/features/accounts/accounts.ts";
import { freePort } from "../../scripts/checks/http.ts";
import { logIn } from "../../src/features/accounts/sessions/login.ts";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import { paths } from "../../src/paths.ts";
import { password } from "../fixtures/app.ts";
import { bringAxe, hindrances } from "../fixtures/axe.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { dropFiles } from "../fixtures/files.ts";
import { focusIsOn, tabTo } from "../fixtures/keys.ts";
import { logInOn } from "../fixtures/log-in.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

const settings = {
  HOMEREEL_UPLOADS_CHUNK_SIZE: "100KB",
  // Through the server, also where it stores in a bucket: `direct-uploads.test.ts` is about the other way.
  HOMEREEL_STORAGE_S3_PROXY: "true",
  HOMEREEL_UPLOADS_MAX_SIZE: "3MB",
  // The tests send the same files: what one of them sent is not to be known to the next.
  HOMEREEL_UPLOADS_VISIBILITY: "private",
};

let browser: Browser;
let shelf: Shelf;
let ada: User;
/** A folder of films: a small one, one of several pieces, and what is none. */
let films: { path: string; remove(): void };
let small: string;
let large: string;
beforeAll(async () => {
  films = newDataDir();
  [small, large] = [join(films.path, "A quiet harbour.mp4"), join(films.path, "The long way home.mp4")];
  const clips = [mp4Clip({ seconds: 1 }), mp4Clip({ seconds: 6, width: 640, height: 360, fps: 25 })];
  const [one = "", other = ""] = await Promise.all(clips);
  await Promise.all([copyFile(one, small), copyFile(other, large)]);
  writeFileSync(join(films.path, "Notes.mp4"), "Nothing but words.");
  browser = await openBrowser({ args: ["--host-resolver-rules=MAP shelf.test 127.0.0.1"] });
  shelf = openShelf(settings);
  ada = await shelf.addUser("Ada");
  await shelf.app.start();
});
afterAll(async () => {
  await browser.close();
  await shelf.close();
  films.remove();
});

let guest: Visit;
let page: Page;
beforeEach(async () => {
  // Every test has a person of its own: nothing of the one before it is on their shelf.
  ada = await shelf.addUser(`Ada ${Math.random().toString(36).slice(2)}`);
  guest = await shelf.visitAs(browser, ada);
  page = guest.page;
});
afterEach(() => guest.close());

const rowOf = (page: Page, name: string) => page.locator("#uploads .upload", { hasText: name });
const press = (row: Locator, act: string) => row.locator(`[data-act=${act}]`).click();
const isIn = (page: Page, name: string, state: string) =>
  rowOf(page, name)
    .and(page.locator(`[data-state=${state}]`))
    .waitFor();

/** Each piece takes so long from now on, whatever was said before. */
async function slowDown(page: Page, ms: number): Promise<void> {
  await page.context().route("**/api/v1/uploads/*", async (route) => {
    if (route.request().method() === "PATCH") await Bun.sleep(ms);
    await route.continue().catch(() => {});
  });
}

/** Requests of a kind that went out since. */
function count(page: Page, method: string): { all: number } {
  const seen = { all: 0 };
  page.context().on("request", (request) => {
    if (request.method() === method && request.url().includes("/api/v1/uploads")) seen.all++;
  });
  return seen;
}

interface Listed {
  id: string;
  filename: string;
  offset_bytes: number;
  state: string;
  video_id: string | null;
}

async function uploadsOf(page: Page): Promise<Listed[]> {
  const answer = await page.request.get("/api/v1/uploads");
  return ((await answer.json()) as { items: Listed[] }).items;
}

interface Video {
  id: string;
  title: string;
  tags: string[];
  visibility: string;
  state: string;
  sha256: string;
}

async function videosOf(page: Page): Promise<Video[]> {
  const answer = await page.request.get("/api/v1/videos?owner=me");
  return ((await answer.json()) as { items: Video[] }).items;
}

const readyVideo = (page: Page, title: string) =>
  until(
    async () => (await videosOf(page)).find((one) => one.title === title && one.state === "READY") ?? null,
  );

describe("dropped on a page", () => {
  test("several files are sent, one is refused with its sentence, and cards come live", async () => {
    await page.goto(paths.gallery());
    await dropFiles(page, [{ path: small }, { path: join(films.path, "Notes.mp4") }, { path: large }]);
    await isIn(page, "A quiet harbour", "done");
    await isIn(page, "The long way home", "done");
    await isIn(page, "Notes", "failed");
    expect(await rowOf(page, "Notes").locator(".row-error").innerText()).toMatch(/\w+.*\./);
    // Nothing makes a video of it.
    expect(await rowOf(page, "Notes").getByRole("button", { name: "Try again" }).isVisible()).toBe(false);
    expect(await page.locator("#uploads-said").innerText()).not.toBe("");
    await page.locator("#cards .card", { hasText: "A quiet harbour" }).waitFor();
    await page.locator("#cards .card", { hasText: "The long way home" }).waitFor();
    for (const [path, title] of [
      [small, "A quiet harbour"],
      [large, "The long way home"],
    ] as const)
      expect((await readyVideo(page, title)).sha256).toBe(await sha256OfFile(path));
    expect((await uploadsOf(page)).filter(({ state }) => state === "receiving")).toEqual([]);
    await rowOf(page, "A quiet harbour").getByRole("link", { name: "A quiet harbour" }).click();
    await page.getByRole("heading", { level: 1, name: "A quiet harbour" }).waitFor();
    // What a browser says of every answer of 400 and more.
    expect(guest.complaints.filter((one) => !one.startsWith("Failed to load resource"))).toEqual([]);
  });

  test("what is refused is said while the list is folded, too, and one press leads to it", async () => {
    const phone = await shelf.visitAs(browser, ada, "phone");
    await bringAxe(phone.page);
    await phone.page.goto(paths.gallery());
    await dropFiles(phone.page, [{ path: join(films.path, "Notes.mp4") }]);
    const said = phone.page.locator("#uploads [data-act=unfold]");
    await said.waitFor();
    expect(await rowOf(phone.page, "Notes").isVisible()).toBe(false);
    expect(await said.innerText()).toMatch(/^Notes\.mp4: .*\.$/);
    expect(await phone.page.locator("#uploads-said").innerText()).toStartWith(
      "Notes.mp4 could not be uploaded.",
    );
    expect(await hindrances(phone.page)).toEqual([]);
    await said.press("Enter");
    await rowOf(phone.page, "Notes").waitFor();
    expect(await said.isVisible()).toBe(false);
    await focusIsOn(phone.page, "Take off the list: Notes.mp4");
    await phone.page.locator("[data-act=fold]").click();
    await said.waitFor();
    await phone.page.locator("[data-act=close]").click();
    expect(await phone.page.locator("#uploads").isVisible()).toBe(false);
    await phone.close();
  });

  test("too large a file is refused before anything is sent", async () => {
    await page.goto(paths.gallery());
    const [posts, patches] = [count(page, "POST"), count(page, "PATCH")];
    const path = join(films.path, "Everything.mov");
    writeFileSync(path, new Uint8Array(3_000_001));
    await dropFiles(page, [{ path }]);
    await isIn(page, "Everything", "failed");
    expect(await rowOf(page, "Everything").innerText()).toContain("up to 3 MB are taken");
    expect([posts.all, patches.all]).toEqual([0, 0]);
  });

  test("the same file again offers the one that is there", async () => {
    await page.goto(paths.gallery());
    await dropFiles(page, [{ path: small }]);
    await isIn(page, "A quiet harbour", "done");
    const { id } = await readyVideo(page, "A quiet harbour");
    await press(page.locator("#uploads"), "close");
    await page.locator("#uploads").waitFor({ state: "hidden" });
    await dropFiles(page, [{ path: small }]);
    await isIn(page, "A quiet harbour", "known");
    const there = rowOf(page, "A quiet harbour").getByRole("link", { name: "Open the one that is there" });
    expect(await there.getAttribute("href")).toBe(paths.video(id));
    await press(rowOf(page, "A quiet harbour"), "send-anyway");
    await isIn(page, "A quiet harbour", "done");
    expect(await videosOf(page)).toHaveLength(2);
  });
});

describe("under way", () => {
  test("one sees how far it is; it is paused, goes on, and cancelled leaves nothing", async () => {
    await page.goto(paths.gallery());
    await slowDown(page, 300);
    await dropFiles(page, [{ path: large }]);
    const row = rowOf(page, "The long way home");
    await row.getByText(/\d+ kB of \d/).waitFor();
    await row.getByText(/kB\/s/).waitFor();
    await row.getByText(/ left/).waitFor();
    expect(await page.locator("#uploads-title").innerText()).toMatch(/^Uploading 1 file · \d+ %/);
    await press(row, "pause");
    await isIn(page, "The long way home", "paused");
    expect(await page.locator("#uploads-title").innerText()).toBe("1 file paused");
    const offset = async () => (await uploadsOf(page))[0]?.offset_bytes ?? 0;
    // A piece that had arrived before it was paused may be on its way to the disk yet; two more would come meanwhile.
    let stopped = -1;
    await until(async () => {
      const before = stopped;
      stopped = await offset();
      if (stopped === before) return true;
      await Bun.sleep(700);
      return null;
    });
    expect(stopped).toBeLessThan(statSync(large).size);
    await press(row, "resume");
    await until(async () => (await offset()) > stopped || null);
    await press(row, "cancel");
    await row.waitFor({ state: "detached" });
    await until(async () => (await uploadsOf(page)).length === 0 || null);
    expect(await videosOf(page)).toEqual([]);
  });

  test("it goes on after a reload, on another page, and from one tab only", async () => {
    await page.goto(paths.gallery());
    await slowDown(page, 1000);
    const posts = count(page, "POST");
    await dropFiles(page, [{ path: large }]);
    await until(async () => ((await uploadsOf(page))[0]?.offset_bytes ?? 0) > 0 || null);
    await page.reload();
    await isIn(page, "The long way home", "sending");
    await page.goto(paths.account());
    await isIn(page, "The long way home", "sending");
    const second = await guest.context.newPage();
    await second.goto(paths.gallery());
    await isIn(second, "The long way home", "sending");
    await press(rowOf(second, "The long way home"), "pause");
    await isIn(page, "The long way home", "paused");
    await press(rowOf(second, "The long way home"), "resume");
    await isIn(page, "The long way home", "sending");
    await slowDown(second, 0);
    await page.close();
    await isIn(second, "The long way home", "done");
    expect(posts.all).toBe(1);
    expect((await readyVideo(second, "The long way home")).sha256).toBe(await sha256OfFile(large));
  });

  test("a new file for a video goes on after a reload, and takes the old one's place", async () => {
    await page.goto(paths.gallery());
    await dropFiles(page, [{ path: small }]);
    await isIn(page, "A quiet harbour", "done");
    const { id } = await readyVideo(page, "A quiet harbour");
    await page.goto(paths.video(id));
    await slowDown(page, 500);
    const posts = count(page, "POST");
    await page.locator("summary", { hasText: "Replace the file" }).click();
    // What is dropped on a field for a file is for that field: it is no upload of its own.
    await dropFiles(page, [{ path: large }], "#replace-file");
    await page.getByLabel("New file").setInputFiles(large);
    await page.getByRole("button", { name: "Replace", exact: true }).click();
    await rowOf(page, "The long way home")
      .getByText(/\d+ kB of \d/)
      .waitFor();
    expect(await page.getByLabel("New file").isVisible()).toBe(false);
    await until(async () => ((await uploadsOf(page))[0]?.offset_bytes ?? 0) > 0 || null);
    await page.reload();
    await isIn(page, "The long way home", "sending");
    await slowDown(page, 0);
    await isIn(page, "The long way home", "done");
    expect(posts.all).toBe(1);
    const link = rowOf(page, "The long way home").getByRole("link", { name: "The long way home" });
    expect(await link.getAttribute("href")).toBe(paths.video(id));
    const sum = await sha256OfFile(large);
    await until(async () => (await videosOf(page)).find(({ sha256 }) => sha256 === sum) ?? null);
    expect(await videosOf(page)).toMatchObject([{ id, title: "A quiet harbour", state: "READY" }]);
  });

  test("a file of which a part was sent from elsewhere goes on there", async () => {
    await page.goto(paths.gallery());
    await slowDown(page, 300);
    await dropFiles(page, [{ path: large }]);
    await until(async () => ((await uploadsOf(page))[0]?.offset_bytes ?? 0) > 0 || null);
    await press(rowOf(page, "The long way home"), "pause");
    await isIn(page, "The long way home", "paused");
    const other = await shelf.visitAs(browser, ada);
    await other.page.goto(paths.mine());
    await other.page.getByText("choose the file again, and it goes on").waitFor();
    const posts = count(other.page, "POST");
    await slowDown(other.page, 300);
    await dropFiles(other.page, [{ path: large }]);
    await isIn(other.page, "The long way home", "sending");
    await other.page.getByText("choose the file again, and it goes on").waitFor({ state: "hidden" });
    await slowDown(other.page, 0);
    await isIn(other.page, "The long way home", "done");
    expect(posts.all).toBe(0);
    expect((await readyVideo(page, "The long way home")).sha256).toBe(await sha256OfFile(large));
    await other.close();
  });

  test("a lost network is said, and it goes on by itself", async () => {
    await page.goto(paths.gallery());
    await slowDown(page, 250);
    await dropFiles(page, [{ path: large }]);
    await until(async () => ((await uploadsOf(page))[0]?.offset_bytes ?? 0) > 0 || null);
    await guest.context.setOffline(true);
    await isIn(page, "The long way home", "lost");
    expect(await rowOf(page, "The long way home").innerText()).toContain("It goes on by itself");
    await slowDown(page, 0);
    await guest.context.setOffline(false);
    await isIn(page, "The long way home", "done");
    expect((await readyVideo(page, "The long way home")).sha256).toBe(await sha256OfFile(large));
  });
});

test("without TLS, as in most homes, it is the same, with a checksum of our own", async () => {
  const home = shelf.origin.replace("127.0.0.1", "shelf.test");
  const other = await visit(browser, home);
  const { token } = await logIn(shelf.app.deps, ada.email, password);
  await other.context.addCookies([{ name: "homereel", value: token, url: home }]);
  const checksums = new Set<string | undefined>();
  other.context.on("request", (request) => {
    if (request.method() === "PATCH") checksums.add(request.headers()["upload-checksum"]?.split(" ")[0]);
  });
  await other.page.goto(paths.gallery());
  expect(await other.page.evaluate(() => isSecureContext)).toBe(false);
  await dropFiles(other.page, [{ path: large }]);
  await isIn(other.page, "The long way home", "done");
  expect([...checksums]).toEqual(["sha1"]);
  expect((await readyVideo(page, "The long way home")).sha256).toBe(await sha256OfFile(large));
  await other.close();
});

test("a server that is killed and started again gets the rest", async () => {
  const data = newDataDir();
  const at = { ...settings, HOMEREEL_SERVER_PORT: String(freePort()) };
  let server = await startServer({ dataDir: data.path, settings: at });
  const other = await visit(browser, server.origin);
  try {
    await logInOn(other.page, adminEmail);
    await slowDown(other.page, 250);
    await dropFiles(other.page, [{ path: large }]);
    await until(async () => ((await uploadsOf(other.page))[0]?.offset_bytes ?? 0) > 0 || null);
    await server.kill();
    await isIn(other.page, "The long way home", "lost");
    await slowDown(other.page, 0);
    server = await startServer({ dataDir: data.path, settings: at });
    await isIn(other.page, "The long way home", "done");
    expect((await readyVideo(other.page, "The long way home")).sha256).toBe(await sha256OfFile(large));
  } finally {
    await other.close();
    await server.stop();
    data.remove();
  }
});

describe("the add box", () => {
  const openBox = async () => {
    await page.goto(paths.gallery());
    await page.getByRole("link", { name: "Add", exact: true }).click();
  };
  const picker = () => page.locator("#add-dialog [data-files][multiple]");

  test("shows files at once, and sends them with what is wished", async () => {
    await openBox();
    await picker().setInputFiles([small, large]);
    // The script that lists them is only now asked for.
    await page.locator(".staged-name").nth(1).waitFor();
    expect(await page.locator(".staged-name").allInnerTexts()).toEqual([
      "A quiet harbour.mp4",
      "The long way home.mp4",
    ]);
    expect(await page.getByRole("button", { name: "Download", exact: true }).isVisible()).toBe(false);
    await page.getByRole("button", { name: "Take off the list: The long way home.mp4" }).click();
    await page.getByText("More", { exact: true }).click();
    await page.locator("#add-title").fill("Holiday");
    await page.locator("#add-tags").fill("sea, boats");
    await page.getByLabel("Only the owner").check();
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await isIn(page, "A quiet harbour", "done");
    expect(await page.locator("#add-dialog").isVisible()).toBe(false);
    expect(await videosOf(page)).toMatchObject([
      { title: "Holiday", tags: ["boats", "sea"], visibility: "private" },
    ]);
  });

  test("what is dropped on it waits on its list, and a folder brings its films alone", async () => {
    await openBox();
    await dropFiles(page, [{ path: small }], "#add-dialog textarea");
    await page.locator(".staged-name").waitFor();
    expect(await page.locator(".staged-name").allInnerTexts()).toEqual(["A quiet harbour.mp4"]);
    const folder = join(films.path, "Summer");
    mkdirSync(join(folder, "Deeper"), { recursive: true });
    await copyFile(small, join(folder, "Deeper", "Swim.mp4"));
    writeFileSync(join(folder, "list.txt"), "Swim");
    await page.locator("[webkitdirectory]").setInputFiles(folder);
    await page.getByRole("button", { name: "Upload 2 files" }).waitFor();
    expect(await page.locator("#toasts").innerText()).toContain("1 file of another kind is left out.");
    expect(await uploadsOf(page)).toEqual([]);
  });

  test("works with nothing but keys, and so does the list of uploads", async () => {
    await page.goto(paths.gallery());
    await slowDown(page, 300);
    const chooser = page.waitForEvent("filechooser");
    await page.keyboard.press("a");
    await focusIsOn(page, "Video addresses");
    await tabTo(page, "Choose files", 3);
    await page.keyboard.press("Enter");
    await (await chooser).setFiles(large);
    await page.locator("[data-send]:focus").waitFor();
    await page.keyboard.press("Enter");
    await isIn(page, "The long way home", "sending");
    await page.keyboard.press("u");
    await tabTo(page, "Pause: The long way home.mp4", 4);
    await page.keyboard.press("Enter");
    await isIn(page, "The long way home", "paused");
    await focusIsOn(page, "Resume: The long way home.mp4");
    await slowDown(page, 0);
    await page.keyboard.press("Enter");
    await isIn(page, "The long way home", "done");
  });

  test("and the list of uploads hinder nobody, on a desk and on a phone", async () => {
    for (const size of ["desktop", "phone"] as const) {
      const other = await shelf.visitAs(browser, ada, size);
      await bringAxe(other.page);
      await other.page.goto(paths.gallery());
      await slowDown(other.page, 400);
      await dropFiles(other.page, [{ path: large }, { path: join(films.path, "Notes.mp4") }]);
      await other.page.locator("#uploads").waitFor();
      if (size === "phone") await press(other.page.locator("#uploads"), "fold");
      await isIn(other.page, "Notes", "failed");
      expect(await hindrances(other.page)).toEqual([]);
      const width = await other.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(width).toBeLessThanOrEqual(0);
      await other.page.getByRole("link", { name: "Add", exact: true }).click();
      await other.page.locator("#add-dialog [data-files][multiple]").setInputFiles([small]);
      const camera = other.page.locator("#add-dialog [capture]");
      expect(await camera.evaluate((input) => input.closest("label")?.checkVisibility())).toBe(
        size === "phone",
      );
      expect(await hindrances(other.page)).toEqual([]);
      await other.close();
    }
  });
});

test("without scripts the box sends files as a plain form", async () => {
  const plain = await visit(browser, shelf.origin, "desktop", { javaScriptEnabled: false });
  await plain.page.goto(paths.downloads());
  await plain.page.getByLabel("E-mail").fill(ada.email);
  await plain.page.getByLabel("Password", { exact: true }).fill(password);
  await plain.page.getByRole("button", { name: "Log in" }).click();
  await plain.page.waitForURL(`${shelf.origin}${paths.downloads()}`);
  await plain.page.getByLabel("Choose files").filter({ visible: true }).setInputFiles([small, large]);
  await plain.page.getByRole("button", { name: "Upload", exact: true }).click();
  await plain.page.waitForURL(/\/mine/);
  const titles = (await videosOf(page)).map(({ title }) => title).toSorted();
  expect(titles).toEqual(["A quiet harbour", "The long way home"]);
  await plain.close();
});
