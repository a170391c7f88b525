import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepDownloaderNow } from "../../src/features/downloads/downloader/downloader.ts";
import { Snooze } from "../../src/queue/job.ts";
import { form } from "../fixtures/app.ts";
import { openAdministration } from "../fixtures/administration.ts";
import type { Administration, EventJson, List } from "../fixtures/administration.ts";
import { openReleaseSite } from "../fixtures/releases.ts";
import type { ReleaseSite } from "../fixtures/releases.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let site: ReleaseSite;
const open: Administration[] = [];
beforeAll(async () => void (site = await openReleaseSite()));
afterEach(async () => {
  for (const house of open.splice(0)) await house.app.close();
  site.files.clear();
});
afterAll(() => site.close());

interface ToolsJson {
  yt_dlp: {
    version: string | null;
    source: string | null;
    channel: string;
    pinned_to: string | null;
    newest: { version: string } | null;
    roll_back_to: string | null;
    updating: boolean;
    last: { ok: boolean; message: string; hint: string } | null;
    warning: string | null;
  };
  ffmpeg: { version: string | null };
  ffprobe: { version: string | null };
}

/** A shelf whose releases come from our site; `asked` is which channels were asked for. */
async function openHouse(settings: Record<string, string> = {}) {
  const house = await openAdministration({ HOMEREEL_TOOLS_YT_DLP: "", ...settings });
  open.push(house);
  const asked: string[] = [];
  const { deps, dataDir } = house.app;
  // Whatever this machine has on its PATH: these shelves begin without one, or with the one that is named.
  if (!settings.HOMEREEL_TOOLS_YT_DLP) deps.tools.ytDlp = null;
  deps.releases = (channel) => {
    asked.push(channel);
    return site.source;
  };
  const tools = () => house.get<ToolsJson>("/tools");
  const act = (what: string) => house.call(`/tools/yt-dlp/${what}`, { method: "POST" });
  const ended = () =>
    until(async () => {
      const { yt_dlp } = await tools();
      return yt_dlp.updating ? null : yt_dlp;
    });
  /** A version that was got before. */
  const had = (version: string) => {
    const folder = join(dataDir, "tools/yt-dlp", version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "yt-dlp"), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  };
  const lookDaily = () =>
    keepDownloaderNow(deps).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Snooze);
    });
  return { ...house, deps, asked, tools, act, ended, had, lookDaily };
}

test("an update is accepted at once, done by a job, and its outcome is told; then there is a way back", async () => {
  const { app, act, ended, tools, get, asked } = await openHouse();
  await site.release("2026.09.01");
  await site.release("2026.10.26");
  site.latest = "2026.09.01";
  const accepted = await act("update");
  expect(accepted.status).toBe(202);
  expect(((await accepted.json()) as ToolsJson).yt_dlp).toMatchObject({ updating: true, last: null });
  await app.start();
  expect(await ended()).toMatchObject({
    version: "2026.09.01",
    source: "data_folder",
    newest: { version: "2026.09.01" },
    roll_back_to: null,
    last: { ok: true, message: "yt-dlp 2026.09.01 is in use." },
  });
  site.latest = "2026.10.26";
  await act("update");
  expect(await ended()).toMatchObject({ version: "2026.10.26", roll_back_to: "2026.09.01" });
  expect((await act("roll-back")).status).toBe(200);
  expect((await tools()).yt_dlp).toMatchObject({ version: "2026.09.01", roll_back_to: null });
  expect((await act("roll-back")).status).toBe(409);
  expect(new Set(asked)).toEqual(new Set(["stable"]));
  const { items } = await get<List<EventJson>>("/audit?limit=3");
  expect(items.map(({ action, actor, detail }) => [action, actor?.name, detail])).toEqual([
    ["tools.roll_back", "ada", "yt-dlp, to 2026.09.01"],
    ["tools.update", "ada", "yt-dlp, stable"],
    ["tools.update", "ada", "yt-dlp, stable"],
  ]);
});

test("what is not the file that was released is refused, and said; the page says it too", async () => {
  const { app, act, ended, visit, had, deps } = await openHouse();
  had("2026.09.01");
  await site.release("2026.10.26");
  site.files.set("/2026.10.26/yt-dlp", Buffer.from("evil"));
  site.latest = "2026.10.26";
  await app.start();
  const before = deps.tools.ytDlp;
  await act("update");
  expect((await ended()).last).toMatchObject({
    ok: false,
    message: "The downloaded yt-dlp is not the one that was released.",
  });
  expect(deps.tools.ytDlp).toEqual(before);
  const html = await (await visit("/admin/tools")).text();
  expect(html).toContain("The downloaded yt-dlp is not the one that was released.");
  expect(html).toContain("2026.10.26, asked");
});

test("a pin gets exactly that release, by hand and daily, and stays", async () => {
  const { act, tools, lookDaily, had, visit, deps } = await openHouse({
    HOMEREEL_TOOLS_YT_DLP_VERSION: "2026.09.01",
    HOMEREEL_TOOLS_YT_DLP_UPDATES: "daily",
  });
  for (const version of ["2026.08.01", "2026.09.01", "2026.10.26"]) had(version);
  site.latest = "2026.10.26";
  await lookDaily();
  expect((await tools()).yt_dlp).toMatchObject({ version: "2026.09.01", pinned_to: "2026.09.01" });
  await lookDaily();
  expect((await tools()).yt_dlp.newest).toBeNull();
  const refused = await act("roll-back");
  expect([refused.status, (await refused.json()).title]).toEqual([
    409,
    "The configuration stays at yt-dlp 2026.09.01.",
  ]);
  const html = await (await visit("/admin/tools")).text();
  expect(html).toContain("the configuration stays at 2026.09.01");
  expect(html).not.toContain("Roll back");
  expect(deps.tools.ytDlp?.[0]).toEndWith("tools/yt-dlp/current");
});

test("daily and nightly gets each newer one, but never again what was left behind", async () => {
  const { act, tools, lookDaily, had, asked } = await openHouse({
    HOMEREEL_TOOLS_YT_DLP_CHANNEL: "nightly",
    HOMEREEL_TOOLS_YT_DLP_UPDATES: "daily",
  });
  const nights = ["2026.10.01.232905", "2026.10.02.232905", "2026.10.03.232905"] as const;
  for (const version of nights) had(version);
  const version = async () => (await tools()).yt_dlp.version;
  site.latest = nights[0];
  await act("update");
  for (const [latest, expected] of [
    [nights[0], nights[0]],
    [nights[1], nights[1]],
  ] as const) {
    site.latest = latest;
    await lookDaily();
    if (latest === nights[1]) expect(await version()).toBe(expected);
  }
  await act("roll-back");
  await lookDaily();
  expect(await version()).toBe(nights[0]);
  site.latest = nights[2];
  await lookDaily();
  expect(await version()).toBe(nights[2]);
  expect(new Set(asked)).toEqual(new Set(["nightly"]));
});

test("a program that the configuration names is left to whoever named it", async () => {
  const own = join(import.meta.dir, "../bin/stubborn-tree");
  const { act, tools, visit } = await openHouse({ HOMEREEL_TOOLS_YT_DLP: own });
  expect((await tools()).yt_dlp.source).toBe("setting");
  for (const what of ["update", "roll-back"]) expect((await act(what)).status).toBe(409);
  const page = await visit("/admin/tools/yt-dlp/update", form({}));
  expect(page.status).toBe(409);
  const html = await page.text();
  expect(html).toContain("The configuration names a yt-dlp of its own.");
  expect(html).not.toContain("Update now");
});

test("the page names the programs and what is wrong with them", async () => {
  const { visit, tools } = await openHouse({ HOMEREEL_TOOLS_FFPROBE: "/nowhere/ffprobe" });
  const { ffmpeg, ffprobe } = await tools();
  expect(ffmpeg.version).toMatch(/\d/);
  expect(ffprobe.version).toBeNull();
  const html = await (await visit("/admin/tools")).text();
  expect(html).toContain(ffmpeg.version ?? "none");
  expect(html).toContain("/nowhere/ffprobe is set as a tool");
  expect(html).not.toContain("hx-get");
});

test("homereel doctor goes back too, which a running server follows, but not from a pin", async () => {
  const { app, act, ended, had, tools } = await openHouse();
  for (const version of ["2026.09.01", "2026.10.26"]) had(version);
  await app.start();
  for (const version of ["2026.09.01", "2026.10.26"]) {
    site.latest = version;
    await act("update");
    expect(await ended()).toMatchObject({ version });
  }
  const rollBack = async (env: Record<string, string> = {}) => {
    const main = new URL("../../src/main.ts", import.meta.url).pathname;
    const known = { PATH: process.env.PATH ?? "", HOMEREEL_DATA_DIR: app.dataDir, ...env };
    const argv = [process.execPath, main, "doctor", "--roll-back"];
    const child = Bun.spawn(argv, { env: known, stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    return out + err;
  };
  expect(await rollBack({ HOMEREEL_TOOLS_YT_DLP_VERSION: "2026.10.26" })).toContain("stays at 2026.10.26");
  expect((await tools()).yt_dlp.version).toBe("2026.10.26");
  expect(await rollBack()).toContain("yt-dlp 2026.09.01 is in use.");
  expect((await tools()).yt_dlp.version).toBe("2026.09.01");
  expect(await rollBack()).toContain("There is no older yt-dlp");
});
