import { existsSync, renameSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { AppError } from "../../lib/errors.ts";
import { run, RunError } from "../run.ts";
import { isOnCommandLine } from "../strays.ts";
import { readNotes, writeNotes } from "./notes.ts";
import { assetFor, downloadVerified, githubReleases, isVersion, type ReleaseSource } from "./release.ts";

export interface ProgramPlaces {
  /** Versions live in `tools/yt-dlp/<version>/yt-dlp` in it; `tools/yt-dlp/current` links to the one in use. */
  dataDir: string;
  /** The stable releases unless said. */
  source?: ReleaseSource;
}

export interface InstalledVersion {
  version: string;
  path: string;
  inUse: boolean;
}

/**
 * Gets a version (the latest unless said), checks it, tries it and puts it to use; what was in use stays
 * for a roll-back. Throws AppError; whatever goes wrong, the version in use stays what it was.
 */
export async function installYtDlp(places: ProgramPlaces, wanted?: string): Promise<InstalledVersion> {
  const source = places.source ?? githubReleases("stable");
  const version = wanted ?? (await source.latestVersion());
  if (!isVersion(version)) throw noVersion(version);
  const root = rootOf(places);
  if (!existsSync(programOf(root, version))) await fetchInto(root, version, source);
  await useYtDlp(places, version);
  // Whoever gets what was left behind, by hand or by a pin, wants it.
  if (version === readNotes(places).leftBehind) writeNotes(places, { leftBehind: null });
  await removeOldest(places);
  return { version, path: programOf(root, version), inUse: true };
}

/** The link to the version in use: what is run through `programNow` follows every switch. */
export function linkOfYtDlp(places: ProgramPlaces): string {
  return join(rootOf(places), "current");
}

/** The program that a run starts, and keeps to its end: of the data folder's the very version, not the link to it. */
export async function programNow(ytDlp: readonly string[]): Promise<readonly string[]> {
  const [program = "", ...args] = ytDlp;
  if (basename(program) !== "current") return ytDlp;
  // Where it leads nowhere the start of it will fail, and be said.
  return [await realpath(program).catch(() => program), ...args];
}

/** Newest first. */
export async function installedYtDlp(places: ProgramPlaces): Promise<InstalledVersion[]> {
  const root = rootOf(places);
  const names = await readdir(root).catch(() => []);
  const current = await readlink(join(root, "current")).catch(() => "");
  const versions = names.filter((name) => isVersion(name) && existsSync(programOf(root, name)));
  return versions
    .toSorted()
    .toReversed()
    .map((version) => ({ version, path: programOf(root, version), inUse: dirname(current) === version }));
}

/** Switches to an installed version in one step; runs that are under way keep theirs. */
export async function useYtDlp(places: ProgramPlaces, version: string): Promise<void> {
  const root = rootOf(places);
  if (!isVersion(version) || !existsSync(programOf(root, version))) throw noVersion(version);
  const before = (await installedYtDlp(places)).find(({ inUse }) => inUse)?.version;
  const link = join(root, `.current-${process.pid}`);
  await rm(link, { force: true });
  await symlink(join(version, "yt-dlp"), link);
  await rename(link, join(root, "current"));
  if (before !== undefined && before !== version) writeNotes(places, { before });
}

/** Goes back to the version that was in use before, else to the newest older one; null where there is none. */
export async function rollBackYtDlp(places: ProgramPlaces): Promise<InstalledVersion | null> {
  const target = await versionBefore(places);
  if (target === null) return null;
  const left = (await installedYtDlp(places)).find(({ inUse }) => inUse);
  await useYtDlp(places, target.version);
  // Going back twice goes back further, and not forth again.
  writeNotes(places, { before: null, leftBehind: left?.version ?? null });
  return { ...target, inUse: true };
}

/** Where a roll-back would lead. */
export async function versionBefore(places: ProgramPlaces): Promise<InstalledVersion | null> {
  const installed = await installedYtDlp(places);
  const current = installed.findIndex(({ inUse }) => inUse);
  if (current === -1) return null;
  const { before } = readNotes(places);
  const noted = installed.find(({ version, inUse }) => version === before && !inUse);
  return noted ?? installed[current + 1] ?? null;
}

/** Besides the one in use. */
const versionsKept = 2;

/** A run that began with an old version needs its files to the end: they go with a later round. */
async function removeOldest(places: ProgramPlaces): Promise<void> {
  const before = await versionBefore(places);
  const spare = (await installedYtDlp(places)).filter(({ inUse }) => !inUse);
  const byWorth = spare.toSorted((a, b) => Number(isSame(b, before)) - Number(isSame(a, before)));
  for (const { path } of byWorth.slice(versionsKept)) {
    const folder = await realpath(dirname(path));
    if (!isOnCommandLine(folder + sep)) await rm(folder, { recursive: true });
  }
}

function isSame(one: InstalledVersion, other: InstalledVersion | null): boolean {
  return one.version === other?.version;
}

/** The folder appears under its name only when everything in it was checked and tried. */
async function fetchInto(root: string, version: string, source: ReleaseSource): Promise<void> {
  await mkdir(root, { recursive: true });
  const folder = await mkdtemp(join(root, ".incoming-"));
  try {
    const hasPython = await pythonRuns(folder);
    const isMusl = existsSync("/etc/alpine-release");
    const asset = assetFor({ hasPython, platform: process.platform, arch: process.arch, isMusl });
    const file = await downloadVerified(source, version, asset, folder);
    if (hasPython) await unpack(file, folder);
    else await rename(file, join(folder, "yt-dlp"));
    await chmod(join(folder, "yt-dlp"), 0o755);
    await tryOut(folder, version);
    // Somebody else may have got the same one meanwhile.
    if (!existsSync(join(root, version))) renameSync(folder, join(root, version));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Python would compile the archive's 1,900 files again at every start, which takes it a second. */
async function unpack(archive: string, folder: string): Promise<void> {
  const python = (...args: string[]) => run({ argv: ["python3", ...args], cwd: folder, deadlineMs: 120_000 });
  await python("-I", "-m", "zipfile", "-e", archive, "app");
  await python("-I", "-m", "compileall", "-q", "app");
  await rm(archive);
  await writeFile(join(folder, "yt-dlp"), launcher);
}

const launcher = `#!/usr/bin/env python3
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "app"))
import yt_dlp
yt_dlp.main()
`;

async function pythonRuns(cwd: string): Promise<boolean> {
  const argv = ["python3", "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 10))"];
  return run({ argv, cwd, deadlineMs: 20_000 }).then(() => true, ranBadly);
}

async function tryOut(folder: string, version: string): Promise<void> {
  const argv = [join(folder, "yt-dlp"), "--ignore-config", "--no-plugin-dirs", "--version"];
  const said = await run({ argv, cwd: folder, deadlineMs: 60_000 }).catch((error: unknown) => {
    if (error instanceof RunError) return { stdout: error.message };
    throw error;
  });
  if (said.stdout.trim() === version) return;
  throw new AppError("tool_failed", `This yt-dlp does not run here, so the one in use was kept.`, {
    hint: "Python 3.10 or newer is needed.",
    cause: said.stdout,
  });
}

function ranBadly(error: unknown): false {
  if (error instanceof RunError) return false;
  throw error;
}

function rootOf({ dataDir }: ProgramPlaces): string {
  return join(resolve(dataDir), "tools/yt-dlp");
}

function programOf(root: string, version: string): string {
  return join(root, version, "yt-dlp");
}

function noVersion(version: string): AppError {
  return new AppError("not_found", `There is no yt-dlp ${JSON.stringify(version.slice(0, 40))}.`, {
    hint: "Versions are dates like 2026.10.26.",
  });
}
