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
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "bun";
import {
  installedYtDlp,
  installYtDlp,
  type ProgramPlaces,
  rollBackYtDlp,
  useYtDlp,
} from "../../src/exec/ytdlp-program.ts";
import { assetFor, isVersion, sumOf } from "../../src/exec/ytdlp-release.ts";
import { AppError } from "../../src/lib/errors.ts";

setDefaultTimeout(60_000);

const work = mkdtempSync(join(tmpdir(), "homereel-program-"));
/** A release is what a path serves: `/<version>/<file>`. */
const releases = new Map<string, Uint8Array<ArrayBuffer>>();
let server: Server<undefined>;
let dataDir: string;
let latest = "";
let ca = "";

beforeAll(async () => {
  const [key, cert] = await makeCertificate();
  ca = cert;
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: { key, cert }, fetch: serve });
});
beforeEach(() => {
  dataDir = mkdtempSync(join(work, "data-"));
  releases.clear();
});
afterAll(async () => {
  await server.stop(true);
  rmSync(work, { recursive: true, force: true });
});

describe("installYtDlp", () => {
  // whatever happened, nothing half-done lies around
  afterEach(() =>
    expect(readdirSync(join(dataDir, "tools/yt-dlp")).filter((name) => name.startsWith("."))).toEqual([]),
  );

  test("puts the latest version to use, and a roll-back the one before", async () => {
    await release("2026.09.01");
    await release("2026.10.26");
    await installYtDlp(places(), "2026.09.01");
    expect(await current()).toBe("2026.09.01");
    latest = "2026.10.26";
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

  test("keeps the last versions and removes older ones", async () => {
    for (const version of ["2026.01.01", "2026.02.01", "2026.03.01", "2026.04.01"]) {
      await release(version);
      await installYtDlp(places(), version);
    }
    expect((await installedYtDlp(places())).map(({ version }) => version)).toEqual([
      "2026.04.01",
      "2026.03.01",
      "2026.02.01",
    ]);
  });

  test.each([
    [
      "a file that was changed on the way",
      (version: string) => void releases.set(`/${version}/yt-dlp`, Buffer.from("evil")),
    ],
    [
      "a release without sums",
      (version: string) => void releases.set(`/${version}/SHA2-256SUMS`, Buffer.from("nothing")),
    ],
  ])("%s is never run, and what is in use stays", async (_what, spoil) => {
    await release("2026.09.01");
    await installYtDlp(places(), "2026.09.01");
    await release("2026.10.26");
    spoil("2026.10.26");
    expect(await codeOf(installYtDlp(places(), "2026.10.26"))).toBe("tool_failed");
    expect(await current()).toBe("2026.09.01");
    expect(await installedYtDlp(places())).toHaveLength(1);
  });

  test("one that does not run here is not put to use", async () => {
    await release("2026.09.01");
    await installYtDlp(places(), "2026.09.01");
    await release("2026.10.26", "raise SystemExit(3)");
    expect(await codeOf(installYtDlp(places(), "2026.10.26"))).toBe("tool_failed");
    expect(await current()).toBe("2026.09.01");
  });

  test("a network that is away is said, and ends nothing", async () => {
    const away = { baseUrl: "https://127.0.0.1:1", latestVersion: async () => "2026.10.26" };
    expect(await codeOf(installYtDlp({ dataDir, source: away }))).toBe("site_unreachable");
  });

  test("a release that is not there, and a name that is no version", async () => {
    await release("2026.09.01");
    await installYtDlp(places(), "2026.09.01");
    expect(await codeOf(installYtDlp(places(), "2020.01.01"))).toBe("site_unreachable");
    expect(await codeOf(installYtDlp(places(), "../../../tmp/x"))).toBe("not_found");
    expect(await codeOf(useYtDlp(places(), "2020.01.01"))).toBe("not_found");
    expect(await current()).toBe("2026.09.01");
  });
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

function places(): ProgramPlaces {
  const source = { baseUrl: `${server.url.origin}/moved`, ca, latestVersion: async () => latest };
  return { dataDir, source };
}

/** Redirects once, as the real place does. */
function serve(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/moved"))
    return Response.redirect(`${server.url.origin}${pathname.slice(6)}`, 302);
  const file = releases.get(pathname);
  return file ? new Response(file) : new Response("not here", { status: 404 });
}

/** An archive with a `yt_dlp` package that says its version, behind a line for the shell like the real one. */
async function release(version: string, main = `print("${version}")`): Promise<void> {
  const folder = mkdtempSync(join(work, "release-"));
  await Bun.write(join(folder, "yt_dlp/__init__.py"), `def main():\n    ${main}\n`);
  await Bun.write(join(folder, "__main__.py"), "import yt_dlp\nyt_dlp.main()\n");
  await command(folder, "python3", "-m", "zipfile", "-c", "out.zip", "yt_dlp", "__main__.py");
  const zip = await Bun.file(join(folder, "out.zip")).bytes();
  const archive = Buffer.concat([Buffer.from("#!/usr/bin/env python3\n"), zip]);
  releases.set(`/${version}/yt-dlp`, archive);
  const sum = new Bun.CryptoHasher("sha256").update(archive).digest("hex");
  releases.set(`/${version}/SHA2-256SUMS`, Buffer.from(`${"0".repeat(64)}  yt-dlp.exe\n${sum}  yt-dlp\n`));
}

async function current(): Promise<string> {
  return (await command(work, join(dataDir, "tools/yt-dlp/current"), "--version")).trim();
}

async function makeCertificate(): Promise<[key: string, cert: string]> {
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await command(work, "openssl", "req", "-x509", ...kind, ...names, "-keyout", "key.pem", "-out", "cert.pem");
  return [await Bun.file(join(work, "key.pem")).text(), await Bun.file(join(work, "cert.pem")).text()];
}

async function command(cwd: string, ...argv: string[]): Promise<string> {
  const child = Bun.spawn(argv, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, problems] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${argv[0]}: ${problems}`);
  return out;
}

async function codeOf(doing: Promise<unknown>): Promise<string> {
  const error = await doing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error !== null && !(error instanceof AppError)) throw error;
  return error?.code ?? "it did not fail";
}
