import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { closeDatabase, openDatabase } from "../src/db/open.ts";
import { files, users, videos } from "../src/db/schema.ts";
import { dataFolder } from "../src/lib/data-folder.ts";
import { newId } from "../src/lib/ids.ts";
import { paths } from "../src/paths.ts";
import { keys } from "../src/storage/keys.ts";

const projectRoot = join(import.meta.dir, "..");

/** One server that serves the file, and what has to be asked of it. */
export interface Anchor {
  name: string;
  port: number;
  path: string;
  headers: Record<string, string>;
  pid: number;
}

export interface Running {
  servers: Anchor[];
  stop(): Promise<void>;
}

/** nginx as it comes, once with sendfile and once without, each in one process as ours is. */
export async function startNginx(folder: string, file: string): Promise<Running> {
  const variants = ["on", "off"].map((sendfile) => ({ sendfile, port: freePort() }));
  const running = variants.map(({ sendfile, port }) => {
    const prefix = join(folder, `nginx-${sendfile}`);
    mkdirSync(prefix);
    writeFileSync(join(prefix, "nginx.conf"), nginxConf(prefix, dirname(file), sendfile, port));
    const child = Bun.spawn(["nginx", "-p", prefix, "-c", join(prefix, "nginx.conf")], { stderr: "ignore" });
    const path = file.slice(dirname(file).length);
    return { child, server: { name: `nginx sendfile ${sendfile}`, port, path, headers: {}, pid: child.pid } };
  });
  for (const { server } of running) await untilOpen(server.port);
  return {
    servers: running.map(({ server }) => server),
    stop: () => stopAll(running.map(({ child }) => child)),
  };
}

// tcp_nopush stays off: with it, each answer of 64 KiB waits 40 ms for an acknowledgement on loopback.
function nginxConf(prefix: string, root: string, sendfile: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${prefix};`,
  );
  return `
    daemon off; master_process off; worker_processes 1; user root;
    pid ${prefix}/pid; error_log ${prefix}/error.log;
    events { worker_connections 4096; }
    http {
      ${temporary.join("\n")}
      access_log off; keepalive_requests 1000000000; types { video/mp4 mp4; }
      server { listen 127.0.0.1:${port}; root ${root}; sendfile ${sendfile}; }
    }`;
}

/** The whole program, with a video that is this file, and the cookie of someone who is logged in. */
export async function startHomereel(folder: string, file: string, sizeBytes: number): Promise<Running> {
  const dataDir = join(folder, "data");
  const login = { email: "bench@example.org", password: "bench bench bench" };
  const child = Bun.spawn([process.execPath, join(projectRoot, "src/main.ts"), "serve"], {
    cwd: projectRoot,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      HOMEREEL_DATA_DIR: dataDir,
      HOMEREEL_SERVER_HOST: "127.0.0.1",
      HOMEREEL_SERVER_PORT: "0",
      HOMEREEL_ADMIN_EMAIL: login.email,
      HOMEREEL_ADMIN_PASSWORD: login.password,
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  const port = Number(await findInOutput(child.stdout, /Homereel is at http:\/\/127\.0\.0\.1:(\d+)/));
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(login),
  });
  const { token } = (await answer.json()) as { token: string };
  const path = paths.stream(addVideo(dataDir, file, sizeBytes));
  const server = { name: "homereel", port, path, headers: { Cookie: `homereel=${token}` }, pid: child.pid };
  return { servers: [server], stop: () => stopAll([child]) };
}

/** A video that is READY, without waiting for one to be downloaded. */
function addVideo(dataDir: string, file: string, sizeBytes: number): string {
  const db = openDatabase(dataDir);
  const id = newId();
  const key = keys.original(id, "mp4");
  const stored = join(dataFolder.storage(dataDir), key);
  mkdirSync(dirname(stored), { recursive: true });
  linkSync(file, stored);
  const owner = db.select().from(users).get();
  const common = { sizeBytes, mime: "video/mp4", sha256: "0".repeat(64), createdAt: Date.now() };
  const video = {
    id,
    ownerId: owner?.id ?? "",
    title: "Bench",
    state: "READY",
    updatedAt: Date.now(),
  } as const;
  db.insert(videos)
    .values({ ...common, ...video })
    .run();
  db.insert(files)
    .values({ ...common, videoId: id, kind: "original", storage: "disk", key })
    .run();
  closeDatabase(db);
  return id;
}

/** sendFile behind a hono app that does next to nothing else: what is left over is Homereel's own. */
export async function startBare(file: string, sizeBytes: number): Promise<Running> {
  const script = join(import.meta.dir, "range-bare.ts");
  const child = Bun.spawn([process.execPath, script, file, String(sizeBytes)], {
    env: { PATH: process.env.PATH, NODE_ENV: "production" },
    stdout: "pipe",
    stderr: "inherit",
  });
  const port = Number(await findInOutput(child.stdout, /port (\d+)/));
  const server = {
    name: "bare sendFile",
    port,
    path: "/video",
    headers: { Cookie: "session=1" },
    pid: child.pid,
  };
  return { servers: [server], stop: () => stopAll([child]) };
}

async function findInOutput(output: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  const reader = output.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    text += decoder.decode(value, { stream: true });
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return found;
    if (done) throw new Error(`the server did not start:\n${text}`);
  }
}

function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const port = server.port ?? 0;
  void server.stop(true);
  return port;
}

async function untilOpen(port: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) return;
    await Bun.sleep(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function stopAll(children: Bun.Subprocess[]): Promise<void> {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exited));
}
