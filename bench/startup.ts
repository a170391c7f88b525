// From starting the process to its first answered request, and its memory when idle: the single binary with an empty
// database beside a compiled hello world and nginx. `bun bench/startup.ts`, after `npm run build`.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../scripts/checks/http.ts";
import { compare, type Side } from "./ratio.ts";

/** How to start a server of which nothing is there yet but an empty folder. */
interface Server {
  name: string;
  launch(port: number, folder: string): { argv: string[]; env?: Record<string, string> };
}

const folder = mkdtempSync(join(tmpdir(), "homereel-startup-"));
const settleMs = 1_500;

try {
  const ours = homereel();
  for (const anchor of [await helloWorld(), nginx()]) await compareWith(ours, anchor);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compareWith(ours: Server, anchor: Server): Promise<void> {
  await compare(`ms to the first answer, beside ${anchor.name}`, startTime(ours), startTime(anchor), {
    pairs: 15,
  });
  await compare(`MB when idle, beside ${anchor.name}`, idleMemory(ours), idleMemory(anchor), {
    pairs: 3,
    warmups: 0,
  });
}

function startTime(server: Server): Side {
  return { name: server.name, run: () => live(server, (_, startedAt) => performance.now() - startedAt) };
}

function idleMemory(server: Server): Side {
  return {
    name: server.name,
    run: () =>
      live(server, async (pid) => {
        await Bun.sleep(settleMs);
        return residentBytes(pid) / 1e6;
      }),
  };
}

/** Starts a server, waits for its first answer, measures, and ends it. */
async function live(server: Server, measure: (pid: number, startedAt: number) => number | Promise<number>) {
  const home = mkdtempSync(join(folder, "home-"));
  const port = freePort();
  const { argv, env = {} } = server.launch(port, home);
  const startedAt = performance.now();
  const child = Bun.spawn(argv, {
    cwd: home,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    await firstAnswer(port);
    return await measure(child.pid, startedAt);
  } finally {
    child.kill("SIGTERM");
    await child.exited;
    rmSync(home, { recursive: true, force: true });
  }
}

async function firstAnswer(port: number): Promise<void> {
  const until = performance.now() + 10_000;
  while (performance.now() < until) {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (response?.status === 200) return;
    await Bun.sleep(1);
  }
  throw new Error(`nobody answers on port ${port}`);
}

/** Of a process and its children, as the kernel counts them. */
function residentBytes(pid: number): number {
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean);
  return children.reduce((sum, child) => sum + residentBytes(Number(child)), own);
}

function homereel(): Server {
  const binary = resolve(import.meta.dir, "../dist/homereel");
  if (!existsSync(binary)) throw new Error("There is no dist/homereel: npm run build");
  return {
    name: "homereel",
    launch: (port, home) => ({
      argv: [binary, "serve"],
      env: {
        HOMEREEL_DATA_DIR: join(home, "data"),
        HOMEREEL_SERVER_HOST: "127.0.0.1",
        HOMEREEL_SERVER_PORT: String(port),
      },
    }),
  };
}

async function helloWorld(): Promise<Server> {
  const source = join(folder, "hello.ts");
  const outfile = join(folder, "hello");
  writeFileSync(
    source,
    `Bun.serve({ hostname: "127.0.0.1", port: Number(process.env.PORT), fetch: () => new Response("hello") });`,
  );
  await Bun.build({
    entrypoints: [source],
    minify: true,
    bytecode: true,
    format: "esm",
    compile: { outfile },
  });
  return { name: "hello world", launch: (port) => ({ argv: [outfile], env: { PORT: String(port) } }) };
}

function nginx(): Server {
  return {
    name: "nginx",
    launch(port, home) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(" ");
      const server = `server { listen 127.0.0.1:${port}; location / { return 200 hello; } }`;
      const config = `daemon off; pid ${home}/pid; error_log ${home}/error.log; worker_processes 1; events {} http { access_log off; ${paths} ${server} }`;
      mkdirSync(join(home, "conf"));
      writeFileSync(join(home, "conf/nginx.conf"), config);
      return {
        argv: ["nginx", "-p", home, "-c", join(home, "conf/nginx.conf"), "-e", join(home, "error.log")],
      };
    },
  };
}
