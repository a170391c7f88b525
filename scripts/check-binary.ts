// Builds the single binary and uses it as somebody would who downloaded it: alone in an empty folder, with only the
// programs that it calls on PATH. `bun scripts/check-binary.ts`, after set-up.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildBinary } from "./build.ts";
import { startChecklist } from "./checks/checklist.ts";
import { command } from "./checks/command.ts";
import { freePort, getWhenReady } from "./checks/http.ts";

const root = resolve(import.meta.dir, "..");
const folder = mkdtempSync(join(tmpdir(), "homereel-binary-"));
const binary = join(folder, "homereel");
const port = freePort();
const origin = `http://127.0.0.1:${port}`;
const env = {
  PATH: [
    join(root, ".tools/yt-dlp/bin"),
    dirname(Bun.which("ffmpeg") ?? "/usr/bin/ffmpeg"),
    "/usr/bin:/bin",
  ].join(":"),
  HOMEREEL_DATA_DIR: join(folder, "data"),
  HOMEREEL_SERVER_HOST: "127.0.0.1",
  HOMEREEL_SERVER_PORT: String(port),
};

const list = startChecklist();
try {
  if (await list.check("the binary builds", build)) await checkBinary();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = list.finish();

async function build(): Promise<void> {
  await buildBinary(join(root, "dist/homereel"));
  cpSync(join(root, "dist/homereel"), binary);
}

async function checkBinary(): Promise<void> {
  await list.check("--help answers", () => command([binary, "--help"], { cwd: folder, env }));
  const server = Bun.spawn([binary, "serve"], { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
  await list.check("it serves an empty data folder", () => getWhenReady(new URL("/healthz", origin), 15_000));
  await list.check("GET /login and its style sheet answer", checkLogin);
  await list.check("it uses nothing of the project's folder", () => checkIsAlone(server.pid));
  await list.check("SIGTERM ends it with exit code 0", async () => {
    server.kill("SIGTERM");
    const late = setTimeout(() => server.kill("SIGKILL"), 15_000);
    const exitCode = await server.exited.finally(() => clearTimeout(late));
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
  });
}

async function checkLogin(): Promise<void> {
  const page = await getWhenReady(new URL("/login", origin), 5_000);
  const href = /href="([^"]+\.css)"/.exec(page)?.[1];
  if (!href) throw new Error("the page names no style sheet");
  await getWhenReady(new URL(href, origin), 5_000);
}

/** A path baked in while building would still work here, and nowhere else: look at what the process has mapped. */
function checkIsAlone(pid: number): void {
  if (process.platform !== "linux") return;
  const foreign = readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .filter((line) => line.includes(`${root}/`));
  if (foreign.length > 0) throw new Error(foreign.join("\n"));
}
