// Takes the pictures of `docs/screenshots` from a real server: `bun scripts/screenshots.ts [page…]`.
import { renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Page } from "playwright-core";
import { paths } from "../src/paths.ts";
import { openBrowser, sizes, visit } from "../tests/fixtures/browser.ts";
import type { Size } from "../tests/fixtures/browser.ts";
import { openShelf } from "../tests/fixtures/shelf.ts";
import { fillPeople } from "./screenshots/show-people.ts";
import { fillPictures } from "./screenshots/show-pictures.ts";
import { fillShelf } from "./screenshots/show-shelf.ts";
import { showChosenFiles, showDropTarget, showUploads } from "./screenshots/show-uploads.ts";

const folder = join(import.meta.dir, "../docs/screenshots");
const wanted = process.argv.slice(2);
/** Nobody should wait for the README. */
const mostBytes = 400_000;

const browser = await openBrowser({ args: ["--force-color-profile=srgb", "--hide-scrollbars"] });
// Nothing is sent, but the pages know that it could be.
const mail = { HOMEREEL_MAIL_URL: "smtp://127.0.0.1:1", HOMEREEL_MAIL_FROM: "shelf@example.org" };
const [empty, shelf] = [
  openShelf(),
  openShelf({ ...mail, HOMEREEL_SERVER_PUBLIC_URL: "http://videos.example.org" }),
];
try {
  await takeDoors();
  await takeRooms();
} finally {
  await Promise.all([empty.close(), shelf.close()]);
  await browser.close();
}

/** What people see who are not logged in. */
async function takeDoors(): Promise<void> {
  const token = empty.app.deps.setupToken.issue(Date.now());
  for (const size of ["desktop", "phone"] as const) {
    const guest = await visit(browser, empty.origin, size);
    await take(guest.page, "setup", size, paths.setup(token));
    await guest.close();
  }
}

async function takeRooms(): Promise<void> {
  const ada = await shelf.addUser("Ada", "admin");
  const { person, invitation } = await fillPeople(shelf, ada);
  for (const size of ["desktop", "phone"] as const) {
    const guest = await visit(browser, shelf.origin, size);
    await take(guest.page, "login", size, paths.login());
    await take(guest.page, "register", size, invitation);
    await take(guest.page, "forgot", size, paths.forgot());
    await guest.close();
  }
  const shown = await fillShelf(shelf, ada, browser);
  await fillPictures(shelf, ada, browser);
  for (const size of ["desktop", "phone"] as const) {
    const { page, close } = await shelf.visitAs(browser, ada, size);
    await take(page, "gallery", size, paths.gallery());
    await take(page, "player", size, paths.video(shown));
    await take(page, "pictures", size, paths.images());
    await take(page, "mine", size, paths.mine());
    await take(page, "downloads", size, paths.downloads());
    await take(page, "api-docs", size, paths.apiDocs());
    await take(page, "error", size, paths.video("gone"));
    await take(page, "account", size, paths.account());
    await take(page, "sessions", size, paths.sessions());
    await take(page, "tokens", size, paths.tokens());
    await take(page, "admin", size, paths.admin());
    await take(page, "people", size, paths.people());
    await take(page, "person", size, paths.person(person.id));
    await take(page, "invites", size, paths.invites());
    await take(page, "audit", size, paths.audit());
    await take(page, "cookies", size, paths.cookies());
    await take(page, "tools", size, paths.tools());
    await take(page, "drop", size, paths.gallery(), showDropTarget);
    await take(page, "add-files", size, paths.gallery(), showChosenFiles);
    await take(page, "uploads", size, paths.gallery(), showUploads);
    await close();
  }
  const { page, close } = await shelf.visitAs(browser, ada, "desktop", { colorScheme: "light" });
  await take(page, "gallery-light", "desktop", paths.gallery());
  await close();
}

/** `arrange` does what has to be done on the page before. */
async function take(
  page: Page,
  name: string,
  size: Size,
  path: string,
  arrange: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  await page.goto(path);
  await arrange(page);
  await page.waitForFunction(() =>
    [...document.querySelectorAll("img")].every((one) => one.complete || one.y > innerHeight),
  );
  // The player fades its first picture in.
  await page.waitForTimeout(400);
  const file = join(folder, `${name}-${sizes[size].width}.png`);
  await page.screenshot({ path: file });
  if (Bun.file(file).size > mostBytes) await shrink(file);
  console.log(`${basename(file)} ${Math.round(Bun.file(file).size / 1000)} kB`);
}

/** To 256 colours, which takes a third of the bytes. */
async function shrink(file: string): Promise<void> {
  const whole = `${file}.whole.png`;
  renameSync(file, whole);
  const graph = "split[a][b];[a]palettegen=reserve_transparent=0[p];[b][p]paletteuse=dither=sierra2_4a";
  const argv = ["ffmpeg", "-v", "error", "-i", whole, "-filter_complex", graph, "-pred", "mixed", file];
  const child = Bun.spawn(argv, { stdin: "ignore", stderr: "pipe" });
  const problems = await new Response(child.stderr).text();
  rmSync(whole);
  if ((await child.exited) !== 0) throw new Error(`ffmpeg could not shrink ${file}: ${problems}`);
}
