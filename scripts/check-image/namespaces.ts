import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../checks/command.ts";
import { freePort } from "../checks/http.ts";
import { healthCheckOf, stopTimeoutMs, type ImageConfig, type RunningImage } from "./engine.ts";

/**
 * What a container engine does with compose.yaml's options, with the programs that every Linux has: a read-only root
 * with a writable volume and a fresh /tmp, processes of its own of which the server is number 1, the image's user,
 * no capabilities. `$1` is the root; the rest is the command.
 */
const enterRoot = `
  set -e
  root=$1; shift
  mount --bind "$root" "$root"
  mount --bind "$root/data" "$root/data"
  mount -o remount,bind,ro "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  exec chroot "$root" "$@"
`;

export interface RunningInNamespaces extends RunningImage {
  /** Ends it and everything in it at once. */
  kill(): void;
}

/** `folder` is for the log. */
export async function startInNamespaces(
  root: string,
  config: ImageConfig,
  folder: string,
): Promise<RunningInNamespaces> {
  const port = freePort();
  const env = [...config.Env, "HOMEREEL_SERVER_HOST=127.0.0.1", `HOMEREEL_SERVER_PORT=${port}`];
  const asUser = [...dropPrivileges(config.User), "env", "-i", "-C", config.WorkingDir, ...env];
  const server = [...asUser, ...config.Entrypoint, ...config.Cmd];
  const log = openSync(join(folder, "log"), "w");
  const child = Bun.spawn([...newNamespaces, "sh", "-c", enterRoot, "sh", root, ...server], {
    stdio: ["ignore", log, log],
  });
  const pid = await firstChildOf(child.pid);
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pid, "SIGKILL");
  };
  const beside = ["nsenter", "--target", String(pid), "--mount", "--pid", "--root"];
  return {
    url: `http://127.0.0.1:${port}`,
    healthCheck: healthCheckOf(config),
    exec: (argv) => command([...beside, ...asUser, ...argv]),
    async stop() {
      process.kill(pid, "SIGTERM");
      const giveUp = setTimeout(kill, stopTimeoutMs);
      return child.exited.finally(() => clearTimeout(giveUp));
    },
    kill,
    log: async () => readFileSync(join(folder, "log"), "utf8"),
  };
}

const newNamespaces = ["unshare", "--mount", "--pid", "--fork"];

/** `user` is `uid:gid`, as the Dockerfile's USER has it. */
function dropPrivileges(user: string): string[] {
  const [uid = "", gid = ""] = user.split(":");
  const nothing = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--clear-groups"];
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, ...nothing];
}

/** The process that is number 1 in the new namespace, as it is numbered out here. */
async function firstChildOf(parent: number): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim();
    if (children !== "") return Number(children.split(" ")[0]);
    await Bun.sleep(20);
  }
  throw new Error("unshare started nothing");
}
