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
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEgress } from "../../src/egress/egress.ts";
import { findTools } from "../../src/exec/find-tools.ts";
import { buildProbeArgs } from "../../src/exec/ytdlp/args.ts";
import { readNotes } from "../../src/exec/ytdlp/notes.ts";
import {
  installedYtDlp,
  installYtDlp,
  linkOfYtDlp,
  type ProgramPlaces,
  programNow,
  rollBackYtDlp,
  useYtDlp,
  versionBefore,
} from "../../src/exec/ytdlp/program.ts";
import { runYtdlp } from "../../src/exec/ytdlp/run.ts";
import { assetFor, githubReleases, isVersion, sumOf } from "../../src/exec/ytdlp/release.ts";
import { AppError } from "../../src/lib/errors.ts";
import { command } from "../fixtures/command.ts";
import { openReleaseSite } from "../fixtures/releases.ts";
import type { ReleaseSite } from "../fixtures/releases.ts";

setDefaultTimeout(60_000);

const work = mkdtempSync(join(tmpdir(), "homereel-program-"));
let site: ReleaseSite;
let dataDir: string;

beforeAll(async () => void (site = await openReleaseSite()));
beforeEach(() => {
  dataDir = mkdtempSync(join(work, "data-"));
  site.files.clear();
});
afterAll(async () => {
  await site.close();
  rmSync(work, { recursive: true, force: true });
});

describe("installYtDlp", () => {
  // whatever happened, nothing half-done lies around
  afterEach(() =>
    expect(readdirSync(join(dataDir, "tools/yt-dlp")).filter((name) => name.startsWith("."))).toEqual([]),
  );

  test("puts the latest version to use, and a roll-back the one before", async () => {
    await site.release("2026.09.01");
    await site.release("2026.10.26");
    await installYtDlp(places(), "2026.09.01");
    expect(await current()).toBe("2026.09.01");
    site.latest = "2026.10.26";
    const installed = await installYtDlp(places());
    expect([installed.version, await current()]).toEqual(["2026.10.26", "2026.10.26"]);
    expect(readlinkSync(join(dataDir, "tools/yt-dlp/current"))).toBe("2026.10.26/yt-dlp");

    expect((await rollBackYtDlp(places()))?.version).toBe("2026.09.01");
    expect(await current()).toBe("2026.09.01");
    expect(await rollBackYtDlp(places())).toBeNull();
    expect((await installedYtDlp(places())).map(({ version, inUse }) => [version, inUse])).toEqual([
      ["2026.10.26", false],
      ["2026.09.01", true],
    ]);
    await useYtDlp(places(), "2026.10.26");
    expect(await current()).toBe("2026.10.26");
  });

  test("keeps the last versions, removes older ones, and goes back to what was in use before", async () => {
    const versions = ["2026.01.01", "2026.02.01", "2026.03.01", "2026.04.01"];
    for (const version of versions) standIn(version);
    await useYtDlp(places(), "2026.03.01");
    expect((await rollBackYtDlp(places()))?.version).toBe("2026.02.01");
    expect(readNotes(places()).leftBehind).toBe("2026.03.01");
    // The next release comes. Of those beside it the one that was good stays, and not the one that was not.
    standIn("2026.05.01");
    await installYtDlp(places(), "2026.05.01");
    expect((await versionBefore(places()))?.version).toBe("2026.02.01");
    expect((await installedYtDlp(places())).map(({ version }) => version)).toEqual([
      "2026.05.01",
      "2026.04.01",
      "2026.02.01",
    ]);
    expect((await rollBackYtDlp(places()))?.version).toBe("2026.02.01");
  });

  test("a run keeps its version to its end, whatever is put to use meanwhile", async () => {
    for (const version of ["2026.01.01", "2026.02.01", "2026.03.01"]) standIn(version);
    await useYtDlp(places(), "2026.01.01");
    const [program = ""] = await programNow([linkOfYtDlp(places())]);
    const going = Bun.spawn([program], { stdout: "ignore", stderr: "ignore" });
    for (const version of ["2026.04.01", "2026.05.01"]) {
      standIn(version);
      await installYtDlp(places(), version);
    }
    const there = async () => (await installedYtDlp(places())).map(({ version }) => version);
    expect(await there()).toEqual(["2026.05.01", "2026.04.01", "2026.03.01", "2026.01.01"]);
    going.kill("SIGKILL");
    await going.exited;
    await installYtDlp(places(), "2026.05.01");
    expect(await there()).toEqual(["2026.05.01", "2026.04.01", "2026.03.01"]);
  });

  test.each([
    [
      "a file that was changed on the way",
      (version: string) => void site.files.set(`/${version}/yt-dlp`, Buffer.from("evil")),
    ],
    [
      "a release without sums",
      (version: string) => void site.files.set(`/${version}/SHA2-256SUMS`, Buffer.from("nothing")),
    ],
  ])("%s is never run, and what is in use stays", async (_what, spoil) => {
    await site.release("2026.09.01");
    await installYtDlp(places(), "2026.09.01");
    await site.release("2026.10.26");
    spoil("2026.10.26");
    expect(await codeOf(installYtDlp(places(), "2026.10.26"))).toBe("tool_failed");
    expect(await current()).toBe("2026.09.01");
    expect(await installedYtDlp(places())).toHaveLength(1);
  });

  test("one that does not run here is not put to use", async () => {
    await site.release("2026.09.01");
    await installYtDlp(places(), "2026.09.01");
    await site.release("2026.10.26", "raise SystemExit(3)");
    expect(await codeOf(installYtDlp(places(), "2026.10.26"))).toBe("tool_failed");
    expect(await current()).toBe("2026.09.01");
  });

  test("a network that is away is said, and ends nothing", async () => {
    const away = { baseUrl: "https://127.0.0.1:1", latestVersion: async () => "2026.10.26" };
    expect(await codeOf(installYtDlp({ dataDir, source: away }))).toBe("site_unreachable");
  });

  test("a release that is not there, and a name that is no version", async () => {
    await site.release("2026.09.01");
    await installYtDlp(places(), "2026.09.01");
    expect(await codeOf(installYtDlp(places(), "2020.01.01"))).toBe("site_unreachable");
    expect(await codeOf(installYtDlp(places(), "../../../tmp/x"))).toBe("not_found");
    expect(await codeOf(useYtDlp(places(), "2020.01.01"))).toBe("not_found");
    expect(await current()).toBe("2026.09.01");
  });
});

test("a run starts the very version, through whatever link it was found", async () => {
  standIn("2026.01.01", 'echo "$0"');
  await useYtDlp(places(), "2026.01.01");
  const { tools } = findTools({ ffmpeg: "", ffprobe: "", yt_dlp: "", js_runtime: "" }, { dataDir });
  expect(tools.ytDlp).toEqual([linkOfYtDlp(places())]);
  const egress = openEgress({ allowNetworks: [], log: { warn() {} } });
  const started: string[] = [];
  const options = { url: new URL("https://example.org/"), folder: mkdtempSync(join(work, "run-")) };
  await runYtdlp({ tools, egress }, options, buildProbeArgs, (line) => started.push(line));
  expect(started).toEqual([join(dataDir, "tools/yt-dlp/2026.01.01/yt-dlp")]);
  rmSync(join(dataDir, "tools/yt-dlp/2026.01.01"), { recursive: true });
  expect(await codeOf(runYtdlp({ tools, egress }, options, buildProbeArgs, () => {}))).toBe("tool_missing");
  await egress.close();
});

test("the asset fits the system", () => {
  const linux = { hasPython: false, platform: "linux", arch: "x64", isMusl: false };
  expect(assetFor({ ...linux, hasPython: true })).toBe("yt-dlp");
  expect(assetFor(linux)).toBe("yt-dlp_linux");
  expect(assetFor({ ...linux, arch: "arm64" })).toBe("yt-dlp_linux_aarch64");
  expect(assetFor({ ...linux, isMusl: true })).toBe("yt-dlp_musllinux");
  expect(assetFor({ ...linux, platform: "darwin", arch: "arm64" })).toBe("yt-dlp_macos");
});

test("sums are taken by the exact name", () => {
  const [one, two] = ["a".repeat(64), "B".repeat(64)];
  const list = `${one}  yt-dlp.exe\n${two} *yt-dlp\nnot a sum  yt-dlp_linux\n`;
  expect([sumOf(list, "yt-dlp"), sumOf(list, "yt-dlp_linux"), sumOf(list, "dlp")]).toEqual([
    "b".repeat(64),
    null,
    null,
  ]);
});

test.each([
  ["2026.10.26", true],
  ["2026.10.26.232905", true],
  ["2026.1.1", false],
  ["latest", false],
  ["../x", false],
  ["", false],
])("isVersion(%j) is %p", (text, yes) => expect(isVersion(text)).toBe(yes));

test("each channel has its own repository", () => {
  expect(githubReleases("stable").baseUrl).toBe("https://github.com/yt-dlp/yt-dlp/releases/download");
  expect(githubReleases("nightly").baseUrl).toBe(
    "https://github.com/yt-dlp/yt-dlp-nightly-builds/releases/download",
  );
});

function places(): ProgramPlaces {
  return { dataDir, source: site.source };
}

/** A version that was got before, and works for ever once it is started unless said. */
function standIn(version: string, does = "while :; do sleep 1; done"): void {
  const folder = join(dataDir, "tools/yt-dlp", version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "yt-dlp"), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
}

async function current(): Promise<string> {
  return (await command(work, join(dataDir, "tools/yt-dlp/current"), "--version")).trim();
}

async function codeOf(doing: Promise<unknown>): Promise<string> {
  const error = await doing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error !== null && !(error instanceof AppError)) throw error;
  return error?.code ?? "it did not fail";
}
