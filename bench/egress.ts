// A large file from one process to another over loopback: through the egress guard, and directly.
// Throughput through the guard should be at least half of the direct transfer's. `bun bench/egress.ts [megabytes]`
import { openEgress } from "../src/egress/egress.ts";
import { compare } from "./ratio.ts";

const megabytes = Number(process.argv[2] ?? 1000);
const self = import.meta.path;

if (process.argv[2] === "site") serve(Number(process.argv[3]));
else if (process.argv[2] === "client")
  await take(new URL(process.argv[3] ?? ""), Number(process.argv[4]), process.argv[5]);
else await measure();

/** Site, guard and client are a process each, as in life. */
async function measure(): Promise<void> {
  const site = Bun.spawn([process.execPath, self, "site", String(megabytes)], { stdout: "pipe" });
  const egress = openEgress({ allowNetworks: ["127.0.0.1"], log: console });
  try {
    const url = await firstLine(site.stdout);
    const { proxyUrl } = egress.openPass();
    const { ratio } = await compare(
      `ms for ${megabytes} MB over loopback`,
      { name: "through the guard", run: () => fetchIn(url, proxyUrl) },
      { name: "direct", run: () => fetchIn(url) },
      { pairs: 9 },
    );
    console.log(`throughput: ${(1 / ratio.median).toFixed(2)} of direct (aim: at least 0.5)`);
  } finally {
    await egress.close();
    site.kill();
  }
}

/** The client times itself, so that its own start does not count. */
async function fetchIn(url: string, proxyUrl = ""): Promise<number> {
  const child = Bun.spawn([process.execPath, self, "client", url, String(megabytes), proxyUrl], {
    stdout: "pipe",
  });
  return Number(await new Response(child.stdout).text());
}

function serve(sizeMb: number): void {
  const bytes = new Uint8Array(sizeMb * 1e6);
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(bytes) });
  console.log(server.url.href);
}

/** Throws the bytes away as they come; prints the milliseconds. */
async function take(url: URL, sizeMb: number, proxyUrl = ""): Promise<void> {
  const via = URL.parse(proxyUrl);
  const credential = via ? `Proxy-Authorization: Basic ${btoa(`${via.username}:${via.password}`)}\r\n` : "";
  const done = Promise.withResolvers<void>();
  let bytes = 0;
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
  console.log(performance.now() - startedAt);
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return new TextDecoder().decode(chunk).trim();
  throw new Error("The site did not start.");
}
