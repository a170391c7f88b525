// A gigabyte onto the disk: by one request, as a form and by tus, beside nginx (client_body_in_file_only) and cp; and
// how much memory ten uploads at once take. Ours is flushed to the disk and judged when it answers; nginx's is only in
// the page cache, so it is measured as well with the same flush behind it. `bun bench/upload.ts [megabytes]`
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mp4Clip } from "../tests/fixtures/media.ts";
import { newDataDir, startServer } from "../tests/fixtures/server.ts";
import { clipOfSize, metadata, tusRoot } from "../tests/fixtures/uploads.ts";
import { compare } from "./ratio.ts";
import { startNginx } from "./upload-nginx.ts";

const megabytes = Number(process.argv[2] ?? 1024);
const pieceBytes = 8_000_000;
const quietly = ["-sS", "--fail", "-o", "/dev/null", "-H", "Expect:"];
const pieceType = "application/offset+octet-stream";
const knownPieces = new Map<string, Promise<{ file: string; offset: number }[]>>();
const folder = mkdtempSync(join(tmpdir(), "homereel-bench-upload-"));
const data = newDataDir();
const film = await makeFilm("film.mp4", megabytes);
const shorterFilm = await makeFilm("shorter.mp4", megabytes / 4);

const server = await startServer({
  dataDir: data.path,
  settings: { HOMEREEL_UPLOADS_MAX_SIZE: "100GB", HOMEREEL_LIMITS_API_PER_MINUTE: "1000000" },
});
const { token } = await server.api<{ token: string }>("/api/v1/auth/tokens", {
  method: "POST",
  body: JSON.stringify({ name: "bench", scopes: ["read", "upload"] }),
});
const authorization = `Bearer ${token}`;
const nginx = await startNginx(folder);

interface Anchor {
  name: string;
  send(): Promise<void>;
}

const nginxAsItIs: Anchor = { name: "nginx", send: toNginx };
const nginxFlushed: Anchor = {
  name: "nginx, flushed",
  async send() {
    await toNginx();
    await nginx.flush();
  },
};

try {
  for (const anchor of [nginxFlushed, nginxAsItIs]) {
    const one = await versus(anchor, "in one request", "homereel", () => inOneRequest(film));
    const form = await versus(anchor, "as a part of a form", "homereel", () => asForm(film));
    const tus = await versus(anchor, "by tus, in pieces of 8 MB", "homereel", () => byTus(film));
    const cp = await versus(anchor, "copied", "cp", async () => copyFileSync(film, join(folder, "copy.mp4")));
    const ratios = `one request ${one} (aim: 0.8), form ${form}, tus ${tus} (aim: 0.6), cp ${cp}`;
    console.log(`speed over that of ${anchor.name}: ${ratios}`);
  }
  await measureMemory("in one request", inOneRequest);
  await measureMemory("as forms", asForm);
  await measureMemory("by tus", byTus);
} finally {
  await server.stop();
  await nginx.stop();
  data.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function makeFilm(name: string, size: number): Promise<string> {
  const path = join(folder, name);
  await Bun.write(path, clipOfSize(await mp4Clip(), size * 2 ** 20));
  return path;
}

/** Speed over speed. */
async function versus(anchor: Anchor, how: string, name: string, send: () => Promise<void>): Promise<string> {
  const theirs = { name: anchor.name, run: () => timed(anchor.send) };
  const ours = { name, run: () => timed(send) };
  const { ratio } = await compare(`ms for ${megabytes} MiB ${how}`, ours, theirs, { pairs: 7 });
  return (1 / ratio.median).toFixed(2);
}

/** The sending alone; both sides begin with a server that has nothing left to do, and a disk that has neither. */
async function timed(send: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await send();
  const tookMs = performance.now() - startedAt;
  nginx.clear();
  await clearShelf();
  Bun.spawnSync(["sync"]);
  return tookMs;
}

async function clearShelf(): Promise<void> {
  for (;;) {
    const { items } = await server.api<{ items: { id: string; state: string }[] }>("/api/v1/videos");
    if (items.length === 0) return;
    const over = items.filter(({ state }) => state === "READY" || state === "FAILED");
    for (const { id } of over) await server.api(`/api/v1/videos/${id}`, { method: "DELETE" });
    await Bun.sleep(50);
  }
}

function inOneRequest(path: string): Promise<void> {
  const url = `${server.origin}/api/v1/videos?filename=film.mp4`;
  return curl([...quietly, "-X", "POST", "-T", path, "-H", `Authorization: ${authorization}`, url]);
}

function asForm(path: string): Promise<void> {
  const fields = ["-F", `file=@${path}`, "-H", `Authorization: ${authorization}`];
  return curl([...quietly, ...fields, `${server.origin}/api/v1/videos`]);
}

function toNginx(): Promise<void> {
  return curl([...quietly, "-X", "POST", "-T", film, `${nginx.origin}/up`]);
}

async function curl(args: string[]): Promise<void> {
  const child = Bun.spawn(["curl", ...args], { stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error("curl could not send it");
}

/** Piece after piece over one connection, by curl as everything else. */
async function byTus(path: string): Promise<void> {
  const film = Bun.file(path);
  const said = { "upload-length": String(film.size), "upload-metadata": metadata({ filename: "film.mp4" }) };
  const { headers, status } = await fetch(server.origin + tusRoot, {
    method: "POST",
    headers: { authorization, "tus-resumable": "1.0.0", ...said },
  });
  if (status !== 201) throw new Error(`${status}: no upload was begun`);
  const own = [`Authorization: ${authorization}`, "Tus-Resumable: 1.0.0", `Content-Type: ${pieceType}`];
  const requests = (await piecesOf(path)).map(({ file, offset }) => {
    const lines = [...own, `Upload-Offset: ${offset}`, "Expect:"].map((line) => `header = "${line}"`);
    const what = [
      'request = "PATCH"',
      `upload-file = "${file}"`,
      `url = "${server.origin}${headers.get("location")}"`,
    ];
    return [...what, ...lines, "output = /dev/null", "silent", "show-error", "fail"].join("\n");
  });
  const config = join(folder, `${crypto.randomUUID()}.curl`);
  writeFileSync(config, requests.join("\nnext\n"));
  await curl(["-K", config]);
}

/** A file cut up, as browsers do without writing it down. */
function piecesOf(path: string): Promise<{ file: string; offset: number }[]> {
  let pieces = knownPieces.get(path);
  if (!pieces) knownPieces.set(path, (pieces = cutUp(path)));
  return pieces;
}

async function cutUp(path: string): Promise<{ file: string; offset: number }[]> {
  const film = Bun.file(path);
  const pieces = [];
  for (let offset = 0; offset < film.size; offset += pieceBytes) {
    const file = `${path}.${offset}`;
    await Bun.write(file, await film.slice(offset, offset + pieceBytes).bytes());
    pieces.push({ file, offset });
  }
  return pieces;
}

/** The most that the server held while ten came, beyond what it held before. */
async function measureMemory(how: string, send: (path: string) => Promise<void>): Promise<void> {
  await send(shorterFilm);
  await clearShelf();
  const before = residentBytes();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentBytes())), 20);
  await Promise.all(Array.from({ length: 10 }, () => send(shorterFilm)));
  clearInterval(watch);
  await clearShelf();
  console.log(`memory while ten come ${how}: +${((most - before) / 1e6).toFixed(0)} MB (aim: under 64)`);
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}
