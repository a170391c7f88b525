import { attempt, command } from "../checks/command.ts";
import { buildTimeoutMs, healthCheckOf, project, stopTimeoutMs } from "./engine.ts";
import type { Engine, ImageConfig, RunningImage } from "./engine.ts";

const image = "homereel-check";
const container = `homereel-check-${process.pid}`;

/** Null where no Docker engine answers. */
export async function findDocker(): Promise<Engine | null> {
  const { exitCode } = await attempt(["docker", "version"], { timeoutMs: 10_000 });
  if (exitCode !== 0) return null;
  return {
    name: "Docker",
    async build() {
      await command(["docker", "build", "--tag", image, project], { timeoutMs: buildTimeoutMs });
    },
    start,
    async dispose() {
      await attempt(["docker", "rm", "--force", "--volumes", container]);
      await attempt(["docker", "rmi", image]);
    },
  };
}

async function start(): Promise<RunningImage> {
  const limits = ["--init", "--read-only", "--tmpfs", "/tmp:exec", "--cap-drop", "ALL"];
  const options = [...limits, "--security-opt", "no-new-privileges", "--publish", "127.0.0.1::8080"];
  await command(["docker", "run", "--detach", "--name", container, ...options, image]);
  const address = (await command(["docker", "port", container, "8080/tcp"])).trim();
  const config: ImageConfig = JSON.parse(await inspect("{{json .Config}}"));
  return {
    url: `http://${address}`,
    healthCheck: healthCheckOf(config),
    exec: (argv) => command(["docker", "exec", container, ...argv]),
    async stop() {
      const seconds = String(stopTimeoutMs / 1000);
      await command(["docker", "stop", "--time", seconds, container], { timeoutMs: 2 * stopTimeoutMs });
      return Number(await inspect("{{.State.ExitCode}}"));
    },
    log: async () => (await attempt(["docker", "logs", container])).output,
  };
}

async function inspect(format: string): Promise<string> {
  return (await command(["docker", "inspect", "--format", format, container])).trim();
}
