import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuOf } from "./cpu-of.ts";
import type { LoadPlan, LoadResult } from "./range-client.ts";
import { type Anchor, type Running, startBare, startHomereel, startNginx } from "./range-servers.ts";
import { compare, spread } from "./ratio.ts";

/**
 * Byte ranges against nginx, from the page cache over loopback, one process each. The real program with
 * someone logged in, or with `--bare` only sendFile in a hono app. `--pairs`, `--seconds` and `--sizes`
 * (in KiB; 0 is the whole file) make it shorter.
 */
const { values: flags } = parseArgs({
  options: {
    bare: { type: "boolean", default: false },
    pairs: { type: "string", default: "7" },
    seconds: { type: "string", default: "0.5" },
    sizes: { type: "string", default: "64,1024,8192,0" },
    connections: { type: "string", default: "1,16" },
    "no-slow": { type: "boolean", default: false },
  },
});
const kibi = 1024;
const mebi = kibi * kibi;
const fileBytes = kibi * mebi;

/** Throughput against nginx with sendfile, on 16 connections. */
const goals = new Map([
  [64 * kibi, 0.85],
  [mebi, 1.5],
]);
const slowReaders = 200;
const slowGoalBytes = 10_000_000;

const folder = mkdtempSync(join(tmpdir(), "bench-range-"));
const file = join(folder, "video.mp4");
writeFile();
const running: Running[] = [];
try {
  running.push(flags.bare ? await startBare(file, fileBytes) : await startHomereel(folder, file, fileBytes));
  running.push(await startNginx(folder, file));
  const [own, ...anchors] = running.flatMap(({ servers }) => servers) as [Anchor, ...Anchor[]];
  const speed = await compareSpeed(own, anchors);
  const memory = flags["no-slow"] ? [] : await compareMemory([own, ...anchors]);
  console.log(`\n${[...speed, ...memory].join("\n")}`);
} finally {
  await Promise.all(running.map((one) => one.stop()));
  rmSync(folder, { recursive: true });
}

/** Real bytes, so that a page is read for each and not one page of zeros for all. */
function writeFile() {
  const fd = openSync(file, "w");
  const chunk = crypto.getRandomValues(new Uint8Array(64 * kibi));
  for (let i = 0; i < fileBytes / chunk.length; i++) writeSync(fd, chunk);
}

async function compareSpeed(own: Anchor, anchors: Anchor[]): Promise<string[]> {
  const lines: string[] = [];
  for (const rangeBytes of numbers(flags.sizes).map((size) => size * kibi)) {
    for (const connections of numbers(flags.connections)) {
      for (const anchor of anchors) {
        const what = `${rangeBytes === 0 ? "whole file" : `${rangeBytes / kibi} KiB`} × ${connections}`;
        const plan = { fileBytes, rangeBytes, connections, seconds: Number(flags.seconds) };
        const cpu = new Map<Anchor, number[]>([own, anchor].map((one) => [one, []]));
        const { ratio } = await compare(
          `${what}: milliseconds per GB`,
          { name: own.name, run: () => millisecondsPerGb(own, plan, cpu) },
          { name: anchor.name, run: () => millisecondsPerGb(anchor, plan, cpu) },
          { pairs: Number(flags.pairs) },
        );
        const [ours, theirs] = [...cpu.values()].map((values) => spread(values).median.toFixed(1));
        const goal = connections === 16 && anchor.name.endsWith("on") ? goals.get(rangeBytes) : undefined;
        lines.push(
          `${what.padEnd(16)} ${(1 / ratio.median).toFixed(2)}× ${anchor.name}${verdict(1 / ratio.median, goal)}, ${ours} µs of processor time a request to ${theirs}`,
        );
      }
    }
  }
  return lines;
}

type Load = Pick<LoadPlan, "fileBytes" | "rangeBytes" | "connections" | "seconds">;

async function millisecondsPerGb(server: Anchor, load: Load, cpu: Map<Anchor, number[]>): Promise<number> {
  const before = cpuOf(server.pid);
  const { bytes, requests, seconds } = await startLoad(server, load).result;
  cpu.get(server)?.push((cpuOf(server.pid) - before) / requests);
  return (seconds * 1000) / (bytes / 1e9);
}

function startLoad({ port, path, headers }: Anchor, load: Load & { slow?: boolean }) {
  const plan: LoadPlan = { port, path, headers, ...load };
  const client = Bun.spawn(
    [process.execPath, join(import.meta.dir, "range-client.ts"), JSON.stringify(plan)],
    {
      stderr: "inherit",
    },
  );
  const result = new Response(client.stdout).json() as Promise<LoadResult>;
  return { client, result };
}

/** What the memory of a server grows by while many read from it slowly. */
async function compareMemory(servers: Anchor[]): Promise<string[]> {
  const lines: string[] = [];
  for (const rangeBytes of [0, 8 * mebi, 256 * kibi]) {
    const what = rangeBytes === 0 ? "the whole file" : `ranges of ${rangeBytes / kibi} KiB`;
    for (const [i, server] of servers.entries()) {
      const grown = await memoryForSlowReaders(server, rangeBytes);
      const goal =
        i === 0 ? `  goal ≤ ${slowGoalBytes / 1e6} MB: ${grown <= slowGoalBytes ? "met" : "MISSED"}` : "";
      lines.push(
        `${slowReaders} slow readers of ${what}: ${(grown / 1e6).toFixed(1)} MB more in ${server.name}${goal}`,
      );
    }
  }
  return lines;
}

async function memoryForSlowReaders(server: Anchor, rangeBytes: number): Promise<number> {
  // The same load at full speed first: buffers that any load leaves behind are not the slow readers'.
  await startLoad(server, { fileBytes, rangeBytes, connections: 16, seconds: 1 }).result;
  await Bun.sleep(500);
  const before = memoryOf(server.pid);
  const load = startLoad(server, { fileBytes, rangeBytes, connections: slowReaders, seconds: 4, slow: true });
  let most = before;
  while (load.client.exitCode === null) {
    most = Math.max(most, memoryOf(server.pid));
    await Bun.sleep(50);
  }
  await load.result;
  return most - before;
}

/** Resident bytes, proc(5). */
function memoryOf(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * kibi;
}

function verdict(ratio: number, goal: number | undefined): string {
  return goal === undefined ? "" : `  goal ${goal}×: ${ratio >= goal ? "met" : "MISSED"}`;
}

function numbers(list: string): number[] {
  return list.split(",").map(Number);
}
