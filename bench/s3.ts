// A bucket by our storage beside plain calls of the AWS SDK to the same MinIO: 1 GiB up, 1 GiB up in a request to the
// server, 1 GiB down through it (`proxy = true`), addresses for browsers, and a list of 10,000.
// `bun bench/s3.ts [pairs] [mebibytes] [up,through,down,list,sign]`
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { closeDatabase, openDatabase } from "../src/db/open.ts";
import { files } from "../src/db/schema.ts";
import { openS3Storage } from "../src/storage/s3.ts";
import { mp4Clip } from "../tests/fixtures/media.ts";
import { s3Settings, startMinio } from "../tests/fixtures/minio.ts";
import { newDataDir, startServer } from "../tests/fixtures/server.ts";
import { clipOfSize } from "../tests/fixtures/uploads.ts";
import { until } from "../tests/fixtures/until.ts";
import { cpuOf } from "./cpu-of.ts";
import { compare, spread } from "./ratio.ts";

const pairs = Number(process.argv[2] ?? 5);
const mebi = 1024 * 1024;
const sizeBytes = Number(process.argv[3] ?? 1024) * mebi;
const chosen = process.argv[4]?.split(",");
const listed = 10_000;
const addresses = 5_000;

const folder = mkdtempSync(join(tmpdir(), "homereel-bench-s3-"));
const minio = await startMinio();
const { client } = minio;
const options = await minio.newBucket();
const { bucket: Bucket } = options;
const storage = openS3Storage(options);
const file = writeFile();
try {
  const lines: string[] = [];
  for (const [name, run] of Object.entries({ up, through, down, list, sign })) {
    if (!chosen || chosen.includes(name)) lines.push(await run());
  }
  console.log(`\n${lines.join("\n")}`);
} finally {
  await minio.close();
  rmSync(folder, { recursive: true });
}

/** Ours compares the stored bytes with the file before it returns; the SDK alone does not. */
async function up(): Promise<string> {
  const { ratio } = await compare(
    `ms to store ${sizeBytes / mebi} MiB`,
    { name: "putFile", run: () => storage.putFile("up/ours", file, { keep: true }) },
    {
      name: "SDK's Upload",
      async run() {
        const params = { Bucket, Key: "up/plain", Body: createReadStream(file) };
        await new Upload({ client, params }).done();
      },
    },
    { pairs },
  );
  return verdict("upload", 1 / ratio.median, 0.9);
}

/** Ours has a whole server between, and was fetched again and judged when it answers. */
async function through(): Promise<string> {
  const data = newDataDir();
  const settings = { ...s3Settings(options), HOMEREEL_UPLOADS_MAX_SIZE: "100GB" };
  const server = await startServer({ dataDir: data.path, settings });
  const film = join(folder, "film.mp4");
  await Bun.write(film, clipOfSize(await mp4Clip(), sizeBytes));
  try {
    const { ratio } = await compare(
      `ms to send ${sizeBytes / mebi} MiB`,
      {
        name: "through homereel",
        async run() {
          const startedAt = performance.now();
          const { id } = await server.api<{ id: string }>("/api/v1/videos?filename=film.mp4", {
            method: "POST",
            body: Bun.file(film),
            headers: { "content-type": "video/mp4" },
          });
          const tookMs = performance.now() - startedAt;
          await clearAway(server.api, id);
          return tookMs;
        },
      },
      {
        name: "SDK's Upload",
        async run() {
          const params = { Bucket, Key: "through/plain", Body: createReadStream(film) };
          await new Upload({ client, params }).done();
        },
      },
      { pairs },
    );
    return verdict("upload through the server", 1 / ratio.median, null);
  } finally {
    await server.stop();
    data.remove();
  }
}

async function clearAway(api: Api, id: string): Promise<void> {
  await until(async () => {
    const { state } = await api<{ state: string }>(`/api/v1/videos/${id}`);
    return state === "READY" || state === "FAILED" || null;
  });
  await api(`/api/v1/videos/${id}`, { method: "DELETE" });
}

/** Ours has a whole server between. */
async function down(): Promise<string> {
  const data = newDataDir();
  const settings = { ...s3Settings(options), HOMEREEL_STORAGE_S3_PROXY: "true" };
  const server = await startServer({ dataDir: data.path, settings });
  try {
    const { id, key } = await addLargeVideo(server.api, data.path);
    const { url } = await server.api<{ url: string }>(`/api/v1/videos/${id}/stream-url?part=original`);
    const slowest = { ours: [] as number[], plain: [] as number[] };
    const { ratio } = await compare(
      `ms to read ${sizeBytes / mebi} MiB into a file`,
      {
        name: "through homereel",
        run: () =>
          noting(slowest.ours, [minio.pid(), server.pid, process.pid], async () => keep(await answerOf(url))),
      },
      {
        name: "SDK's GetObject",
        run: () =>
          noting(slowest.plain, [minio.pid(), process.pid], async () => {
            const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
            await keep(Body as Readable);
          }),
      },
      { pairs },
    );
    const ofSlowest = spread(slowest.ours.map((cpu, i) => (slowest.plain[i] ?? Number.NaN) / cpu)).median;
    return [
      verdict("download through the server", 1 / ratio.median, 0.8),
      verdict("download with a core for each process, by processor time", ofSlowest, 0.8),
    ].join("\n");
  } finally {
    await server.stop();
    data.remove();
  }
}

/** A small one goes the way of all, and is then told to be the large file: nothing here looks at its pictures. */
async function addLargeVideo(api: Api, dataDir: string): Promise<{ id: string; key: string }> {
  const body = Bun.file(await mp4Clip());
  const headers = { "content-type": "video/mp4" };
  const { id } = await api<{ id: string }>("/api/v1/videos?filename=a.mp4", {
    method: "POST",
    body,
    headers,
  });
  await until(async () =>
    (await api<{ state: string }>(`/api/v1/videos/${id}`)).state === "READY" ? true : null,
  );
  const key = `videos/${id}/original.mp4`;
  await storage.putFile(key, file, { keep: true });
  const db = openDatabase(dataDir);
  db.update(files).set({ sizeBytes }).run();
  closeDatabase(db);
  return { id, key };
}

type Api = <T>(path: string, init?: RequestInit) => Promise<T>;

/** Notes the processor time of the process that takes most of it: no faster can it be, however many cores there are. */
async function noting(slowest: number[], pids: number[], run: () => Promise<void>): Promise<void> {
  const before = pids.map(cpuOf);
  await run();
  slowest.push(Math.max(...pids.map((pid, i) => cpuOf(pid) - (before[i] ?? 0))));
}

/** As the SDK asks: the clients are to be the same. */
function answerOf(url: string): Promise<Readable> {
  return new Promise((resolve, reject) => void get(url, resolve).on("error", reject));
}

/** As `mc cp` does with what comes. */
async function keep(body: Readable): Promise<void> {
  const path = join(folder, "copy");
  await pipeline(body, createWriteStream(path));
  if (statSync(path).size !== sizeBytes) throw new Error("that is not all of it");
  rmSync(path);
}

async function list(): Promise<string> {
  const empty = (i: number) => ({ Bucket, Key: `courses/${i % 100}/${i}`, Body: new Uint8Array() });
  for (let i = 0; i < listed; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => client.send(new PutObjectCommand(empty(i + n)))));
  }
  const all = (seen: number) => {
    if (seen !== listed) throw new Error(`${seen} of ${listed} were listed`);
  };
  const { ratio } = await compare(
    `ms to list ${listed} objects`,
    { name: "list", run: async () => all(await count(storage.list("courses/"))) },
    {
      name: "SDK's pages",
      async run() {
        let seen = 0;
        const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: "courses/" });
        for await (const { Contents = [] } of pages) seen += Contents.length;
        all(seen);
      },
    },
    { pairs },
  );
  return verdict(`list of ${listed}`, 1 / ratio.median, 0.9);
}

async function count(all: AsyncIterable<unknown>): Promise<number> {
  let seen = 0;
  for await (const _ of all) seen += 1;
  return seen;
}

/** Each for another object, so that none of them is known already. */
async function sign(): Promise<string> {
  let key = 0;
  const perSecond: number[] = [];
  for (let round = 0; round < pairs + 1; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < addresses; i++) {
      const delivery = storage.delivery(`videos/${key++}/original.mp4`);
      if (delivery.way === "link") await delivery.sign({ expiresSeconds: 900, mime: "video/mp4" });
    }
    perSecond.push((addresses / (performance.now() - startedAt)) * 1000);
  }
  const { median } = spread(perSecond.slice(1));
  return `new addresses: ${median.toFixed(0)} a second  goal 5000: ${median >= 5000 ? "met" : "MISSED"}`;
}

function verdict(what: string, ratio: number, goal: number | null): string {
  if (goal === null) return `${what}: ${ratio.toFixed(2)}× the SDK alone`;
  return `${what}: ${ratio.toFixed(2)}× the SDK alone  goal ${goal}×: ${ratio >= goal ? "met" : "MISSED"}`;
}

/** Bytes that no two parts share. */
function writeFile(): string {
  const path = join(folder, "large");
  const fd = openSync(path, "w");
  const chunk = new Uint8Array(mebi);
  for (let i = 0; i < sizeBytes / mebi; i++) {
    for (let at = 0; at < mebi; at += 65_536) crypto.getRandomValues(chunk.subarray(at, at + 65_536));
    writeSync(fd, chunk);
  }
  closeSync(fd);
  return path;
}
