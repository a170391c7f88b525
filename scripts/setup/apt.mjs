import { ask, onPath, run } from "./shell.mjs";

/** Why these system packages can't be installed from here, with what to do about it; null where they can. */
export function systemPackageProblem(packages) {
  if (packages.length === 0) return null;
  if (!onPath("apt-get")) return withoutApt(packages);
  if (asRoot() === null) return withoutRoot(packages);
  return null;
}

export function installSystemPackages(packages) {
  const [program, ...args] = [...asRoot(), "apt-get"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run(program, [...args, "update"], { env });
  run(program, [...args, "install", "-y", "--no-install-recommends", ...packages], { env });
}

/** What to put before a command so that it runs as root without asking for a password; null where nothing does. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  const maySudo = onPath("sudo") && ask("sudo", ["-n", "true"]) !== null;
  return maySudo ? ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"] : null;
}

function withoutRoot(packages) {
  return [
    "These system packages are missing, and only root may install them:",
    `  ${packages.join(" ")}`,
    "Nothing was installed. Run this, then start again:",
    "  sudo apt-get update",
    `  sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`,
  ].join("\n");
}

const chromium = "chromium-headless-shell";

const byHand = {
  brew: { install: "brew install", names: { "python3-venv": "", [chromium]: "--cask chromium" } },
  dnf: {
    install: "sudo dnf install",
    names: { ffmpeg: "ffmpeg-free", "python3-venv": "", [chromium]: "chromium" },
  },
  pacman: {
    install: "sudo pacman -S",
    names: { python3: "python", "python3-venv": "", [chromium]: "chromium" },
  },
};

function withoutApt(packages) {
  const manager = Object.keys(byHand).find(onPath);
  return [
    "This system has no apt-get, so these have to be installed by hand (names as in Debian):",
    `  ${packages.join(" ")}`,
    "Nothing was installed.",
    ...(manager ? ["Run this, then start again:", ...commands(byHand[manager], packages)] : []),
  ].join("\n");
}

function commands({ install, names }, packages) {
  const here = packages.map((name) => names[name] ?? name).filter(Boolean);
  return here.map((name) => `  ${install} ${name}`);
}
