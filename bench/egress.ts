// A large file from one process to another over loopback: through the egress guard, and directly.
// Throughput through the guard should be at least half of the direct transfer's. `bun bench/egress.ts [megabytes]`
import { availableParallelism } from "node:os";
import { openEgress } from "../src/egress/egress.ts";
import { cpuOf } from "./cpu-of.ts";
import { compare, spread } from "./ratio.ts";

/*
 * Site, guard and client are a process each, as in life, and want a core each. With two cores the guard has to share
 * them with a site that would be elsewhere, which says more about the machine than about the guard: it has each byte to
 * receive and to send, as much work as site and client together. So there are two numbers. The one on the clock is of
 * this machine as it is. The other is what the clock would say with a core for each: a chain is as fast as its slowest
 * part, and how fast each part is on its own is known from the processor time that it took for its bytes.
 */
const megabytes = Number(process.argv[2] ?? 1000);
const self = import.meta.path;
const aim = 0.5;

if (process.argv[2] === "site") serve(Number(process.argv[3]));
else if (process.argv[2] === "client")
  await take(new URL(process.argv[3] ?? ""), Number(process.argv[4]), process.argv[5]);
else await measure();

interface Taken {
  ms: number;
  /** Microseconds of processor time. */
  cpu: number;
}

async function measure(): Promise<void> {
  const site = Bun.spawn([process.execPath, self, "site", String(megabytes)], { stdout: "pipe" });
  const egress = openEgress({ allowNetworks: ["127.0.0.1"], log: console });
  try {
    const url = await firstLine(site.stdout);
    const { proxyUrl } = egress.openPass();
    const guarded = { slowest: [] as number[], run: () => fetchIn(url, proxyUrl) };
    const direct = { slowest: [] as number[], run: () => fetchIn(url) };
    const run = async (side: typeof guarded) => {
      const [siteThen, guardThen] = [cpuOf(site.pid), cpuOf(process.pid)];
      const { ms, cpu } = await side.run();
      const guardCpu = side === guarded ? cpuOf(process.pid) - guardThen : 0;
      side.slowest.push(Math.max(cpuOf(site.pid) - siteThen, guardCpu, cpu));
      return ms;
    };
    const { ratio } = await compare(
      `ms for ${megabytes} MB over loopback`,
      { name: "through the guard", run: () => run(guarded) },
      { name: "direct", run: () => run(direct) },
      { pairs: 15 },
    );
    const ofSlowest = spread(guarded.slowest.map((cpu, i) => (direct.slowest[i] ?? Number.NaN) / cpu)).median;
    say(`on the clock, with ${availableParallelism()} cores for all`, 1 / ratio.median);
    say("with a core for each, by processor time", ofSlowest);
  } finally {
    await egress.close();
    site.kill();
  }
}

function say(how: string, ratio: number): void {
  console.log(
    `throughput ${how}: ${ratio.toFixed(2)} of direct (aim ${aim}: ${ratio >= aim ? "met" : "MISSED"})`,
  );
}

/** The client times itself, so that its own start does not count. */
async function fetchIn(url: string, proxyUrl = ""): Promise<Taken> {
  const child = Bun.spawn([process.execPath, self, "client", url, String(megabytes), proxyUrl], {
    stdout: "pipe",
  });
  return (await new Response(child.stdout).json()) as Taken;
}

function serve(sizeMb: number): void {
  const bytes = new Uint8Array(sizeMb * 1e6);
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(bytes) });
  console.log(server.url.href);
}

/** Throws the bytes away as they come; prints a `Taken` in JSON. */
async function take(url: URL, sizeMb: number, proxyUrl = ""): Promise<void> {
  const via = URL.parse(proxyUrl);
  const credential = via ? `Proxy-Authorization: Basic ${btoa(`${via.username}:${via.password}`)}\r\n` : "";
  const done = Promise.withResolvers<void>();
  let bytes = 0;
  const cpuThen = process.cpuUsage();
  const startedAt = performance.now();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number((via ?? url).port),
    socket: {
      data: (_socket, chunk) => void (bytes += chunk.length),
      close: () => done.resolve(),
    },
  });
  socket.write(
    `GET ${via ? url.href : "/"} HTTP/1.1\r\nHost: ${url.host}\r\n${credential}Connection: close\r\n\r\n`,
  );
  await done.promise;
  if (bytes < sizeMb * 1e6) throw new Error(`only ${bytes} bytes came`);
  const { user, system } = process.cpuUsage(cpuThen);
  const taken: Taken = { ms: performance.now() - startedAt, cpu: user + system };
  console.log(JSON.stringify(taken));
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return new TextDecoder().decode(chunk).trim();
  throw new Error("The site did not start.");
}
