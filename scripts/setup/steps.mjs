import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { minioStep } from "../minio.mjs";
import { seaweedfsStep } from "../seaweedfs.mjs";
import { addTool, pinned, platformPackage } from "./tools.mjs";
import {
  allOnPath,
  ask,
  hasStamp,
  isAtLeast,
  onPath,
  root,
  run,
  StepFailed,
  toolsDir,
  writeStamp,
} from "./shell.mjs";

const bun = join(toolsDir, "bun");
const ytDlpDir = join(toolsDir, "yt-dlp");

/**
 * All that must be there, in the order in which it is made.
 * A step: `ready()` is quick and true where nothing is to do; `apt` names system packages; `problem()` says why
 * `install()` can't work here.
 */
export function stepsFor({ tests }) {
  const steps = [bunStep, packagesStep, ffmpegStep, pythonStep, ytDlpStep, jsRuntimeStep];
  // Without MinIO the tests of S3 are left out, loudly; only in CI that is a failure.
  const forTests = [chromiumStep, ...(process.env.CI || !minioStep.problem() ? [minioStep] : [])];
  if (process.env.HOMEREEL_TEST_S3 === "seaweedfs") forTests.push(seaweedfsStep);
  return [...steps, ...(tests ? forTests : []), assetsStep];
}

const bunStep = {
  name: `Bun ${pinned.bun}`,
  why: "runs Homereel",
  ready: () => existsSync(bun) && hasStamp(join(toolsDir, "bun.stamp"), pinned.bun),
  problem: () =>
    onPath("bun") || onPath("npm") ? null : "Neither npm nor Bun is on PATH: install Node.js with npm.",
  install() {
    // Relative, so that the project's folder can be moved.
    const target =
      bunThatIsHere() ?? relative(toolsDir, addTool(platformPackage("bun"), pinned.bun, "bin/bun"));
    mkdirSync(toolsDir, { recursive: true });
    rmSync(bun, { force: true });
    symlinkSync(target, bun);
    writeStamp(join(toolsDir, "bun.stamp"), pinned.bun);
  },
};

function bunThatIsHere() {
  const found = onPath("bun");
  // The real path, since `bun run` puts a link into a temporary folder on PATH.
  return found && isAtLeast(ask(found, ["--version"]), pinned.bun) ? realpathSync(found) : null;
}

const packagesStamp = join(root, "node_modules/.stamp");

const packagesStep = {
  name: "Packages",
  why: "the libraries that bun.lock names",
  ready: () => hasStamp(packagesStamp, fingerprint(["package.json", "bun.lock"])),
  install() {
    run(bun, ["install", "--frozen-lockfile", "--ignore-scripts"]);
    writeStamp(packagesStamp, fingerprint(["package.json", "bun.lock"]));
  },
};

const ffmpegStep = {
  name: "ffmpeg",
  why: "reads videos and makes thumbnails",
  ready: () => ["ffmpeg", "ffprobe"].every((name) => chosen(name) || onPath(name)),
  apt: ["ffmpeg"],
};

const pythonStep = {
  name: "Python 3",
  why: "runs yt-dlp",
  ready: () => ytDlpStep.ready() || findPython() !== null,
  apt: ["python3", "python3-venv"],
};

const ytDlpStamp = () => `${readFileSync(join(root, "scripts/yt-dlp.txt"), "utf8")}# in ${ytDlpDir}\n`;

const ytDlpStep = {
  name: "yt-dlp",
  why: "downloads videos; the system's own is often too old for today's sites",
  ready: () =>
    Boolean(chosen("yt_dlp")) ||
    (existsSync(join(ytDlpDir, "bin/python")) && hasStamp(join(ytDlpDir, ".stamp"), ytDlpStamp())),
  install() {
    const python = findPython();
    if (!python)
      throw new StepFailed("yt-dlp needs Python 3.11 or newer with its venv module; there is none here.");
    rmSync(ytDlpDir, { recursive: true, force: true });
    run(python, ["-m", "venv", ytDlpDir]);
    // The variable would keep Python from storing its compiled modules, which halve the time yt-dlp takes to start.
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "" };
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--compile"];
    run(join(ytDlpDir, "bin/python"), [...pip, "-r", "scripts/yt-dlp.txt"], { env });
    writeStamp(join(ytDlpDir, ".stamp"), ytDlpStamp());
  },
};

/** A Python that yt-dlp runs on and that can make virtual environments. */
function findPython() {
  const usable = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
  const names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
  return names.flatMap(allOnPath).find((path) => ask(path, ["-c", usable]) !== null) ?? null;
}

const jsRuntimeStep = {
  name: `Deno ${pinned.deno}`,
  why: "runs the scripts of YouTube's player for yt-dlp",
  ready: () => Boolean(chosen("js_runtime")) || hasDeno() || hasNewNode(),
  install: () => addTool(platformPackage("deno"), pinned.deno, "deno"),
};

function hasDeno() {
  if (existsSync(join(toolsDir, "node_modules", platformPackage("deno"), "deno"))) return true;
  const found = onPath("deno");
  return found !== null && isAtLeast(ask(found, ["--version"]), "2.3");
}

function hasNewNode() {
  const found = onPath("node");
  return found !== null && isAtLeast(ask(found, ["--version"]), "22");
}

const chromiumStep = {
  name: "Chromium",
  why: "the browser in which the tests use the pages",
  ready: () => ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"].some(onPath),
  // Without windows, which nobody sees here: it is smaller, and pages come and go in a third of the time.
  apt: ["chromium-headless-shell"],
};

const assetsStamp = join(root, "dist/assets.stamp");
const assetSources = ["public", "scripts/build-assets.ts", "bun.lock"];

const assetsStep = {
  name: "Assets",
  why: "styles, icons and scripts of the pages, bundled from public/",
  ready: () => existsSync(join(root, "dist/assets")) && hasStamp(assetsStamp, fingerprint(assetSources)),
  install() {
    run(bun, ["scripts/build-assets.ts"]);
    writeStamp(assetsStamp, fingerprint(assetSources));
  },
};

/** A program that the environment chooses, as the server reads it: `[tools] yt_dlp` is HOMEREEL_TOOLS_YT_DLP. */
function chosen(tool) {
  return process.env[`HOMEREEL_TOOLS_${tool.toUpperCase()}`];
}

/** One hash over files and folders, by path within the project. */
function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesIn).sort())
    hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

function filesIn(path) {
  const entries = existsSync(join(root, path)) ? listed(path) : [];
  return entries.flatMap((entry) => (entry === path ? [path] : filesIn(entry)));
}

function listed(path) {
  try {
    return readdirSync(join(root, path)).map((name) => `${path}/${name}`);
  } catch (error) {
    if (error.code === "ENOTDIR") return [path];
    throw error;
  }
}
