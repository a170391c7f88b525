import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, command } from "../checks/command.ts";
import { installSystemPackages, systemPackageProblem } from "../setup/apt.mjs";
import { provideBase, type Buildah } from "./base-images.ts";
import { buildTimeoutMs, project, type Engine } from "./engine.ts";
import { startInNamespaces, type RunningInNamespaces } from "./namespaces.ts";

const image = "localhost/homereel-check";

/** buildah with a storage of its own, which needs no engine; or why it can't be used. */
export async function findBuildah(): Promise<Engine | string> {
  const problem = installMissing();
  if (problem) return problem;
  const folder = mkdtempSync(join(tmpdir(), "homereel-image-"));
  const buildah = buildahIn(folder);
  let running: RunningInNamespaces | undefined;
  return {
    name: "buildah",
    build: () => build(buildah, folder),
    async start() {
      const container = (await buildah(["from", "--pull-never", image])).trim();
      const root = (await buildah(["mount", container])).trim();
      const { Docker } = JSON.parse(await buildah(["inspect", "--type", "image", image]));
      running = await startInNamespaces(root, Docker.config, folder);
      return running;
    },
    async dispose() {
      running?.kill();
      await attempt(["buildah", ...storage(folder), "umount", "--all"]);
      await command(["rm", "-rf", folder], { timeoutMs: 300_000 });
    },
  };
}

function installMissing(): string | null {
  if (process.getuid?.() !== 0)
    return "no Docker engine answers, and without one root is needed (for buildah)";
  if (["buildah", "debootstrap"].every((name) => Bun.which(name))) return null;
  const packages = ["buildah", "debootstrap", "debian-archive-keyring"];
  const problem = systemPackageProblem(packages);
  if (problem === null) installSystemPackages(packages);
  return problem;
}

function storage(folder: string): string[] {
  return ["--root", join(folder, "storage"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
}

function buildahIn(folder: string): Buildah {
  const env = { BUILDAH_ISOLATION: "chroot" };
  return (args, timeoutMs = buildTimeoutMs) =>
    command(["buildah", ...storage(folder), ...args], { timeoutMs, env });
}

async function build(buildah: Buildah, folder: string): Promise<void> {
  const stages = readFileSync(join(project, "Dockerfile"), "utf8").matchAll(/^FROM (\S+)/gm);
  for (const name of new Set(Array.from(stages, ([, base = ""]) => base)))
    await provideBase(buildah, name, folder);
  const mounts = machineSettings(folder).flatMap((mount) => ["--volume", mount]);
  await buildah(["build", "--pull-never", "--format", "docker", ...mounts, "--tag", image, project]);
}

/**
 * The certificates that this machine trusts, for bun and pip while they install. Mounted and not copied: nothing of
 * this machine gets into the image.
 */
function machineSettings(folder: string): string[] {
  const system = "/etc/ssl/certs/ca-certificates.crt";
  copyFileSync(
    process.env.NODE_EXTRA_CA_CERTS ?? process.env.SSL_CERT_FILE ?? system,
    join(folder, "ca.crt"),
  );
  writeFileSync(join(folder, "npmrc"), "cafile=/run/ca.crt\n");
  writeFileSync(join(folder, "pip.conf"), "[global]\ncert = /run/ca.crt\n");
  const mounts = { "ca.crt": "/run/ca.crt", npmrc: "/root/.npmrc", "pip.conf": "/etc/pip.conf" };
  return Object.entries(mounts).map(([name, path]) => `${join(folder, name)}:${path}:ro`);
}
