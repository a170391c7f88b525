import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Server, Socket } from "bun";
import { type Egress, openEgress } from "../../src/egress/egress.ts";
import { Pipe } from "../../src/egress/pipe.ts";
import { spliceOfSystem } from "../../src/egress/splice.ts";
import { basic, exchange } from "../fixtures/egress-client.ts";
import { until } from "../fixtures/until.ts";

const megabyte = 1024 * 1024;
/** Each megabyte is another one: what comes twice, or in another order, is seen. */
const sent = new Uint8Array(48 * megabyte);
let site: Server<undefined>;
let egress: Egress;

beforeAll(() => {
  for (let at = 0; at < sent.length; at += 65_536) crypto.getRandomValues(sent.subarray(at, at + 65_536));
  site = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(sent) });
});
afterEach(() => egress?.close());
afterAll(() => site.stop(true));

describe("what passes within the kernel", () => {
  const readers = [
    { reader: "quick", pauseEvery: Infinity },
    { reader: "halting", pauseEvery: 3 * megabyte },
    { reader: "slow", pauseEvery: megabyte / 2 },
  ];
  test.each(readers)(
    "comes whole and in order to a $reader reader, and is counted",
    async ({ pauseEvery }) => {
      const pass = open().openPass();
      const { head, body } = await take(pass.proxyUrl, pauseEvery);
      expect(digest(body)).toBe(digest(sent));
      // The head loses and gains a line on its way.
      expect(Math.abs(pass.bytes() - head.length - sent.length)).toBeLessThan(200);
    },
  );

  test("ends for nobody else when a client breaks off in the midst of it", async () => {
    const pass = open().openPass();
    for (let i = 0; i < 20; i++) await take(pass.proxyUrl, Infinity, i * 500_000);
    expect((await take(pass.proxyUrl, Infinity)).body.length).toBe(sent.length);
  });
});

describe("a connection whose bytes pass within the kernel", () => {
  // The end of the connection comes while its bytes are being moved, or before, or after: each time it is another.
  test.each([0.1, 0.6])("that breaks off behind %d MB breaks off for the client too", async (size) => {
    const breaking = Bun.spawn([process.execPath, "-e", breakingSite, String(size * 1e6)], {
      stdout: "pipe",
    });
    try {
      for await (const line of breaking.stdout) {
        const { proxyUrl } = open().openPass();
        const request = `GET http://127.0.0.1:${Buffer.from(line).toString().trim()}/ HTTP/1.1\r\nProxy-Authorization: ${basic(proxyUrl)}\r\n\r\n`;
        for (let i = 0; i < 300; i++) expect((await exchange(proxyUrl, request)).slice(-7)).toBe("[reset]");
        break;
      }
    } finally {
      breaking.kill();
    }
  });

  test("carries much both ways at once", async () => {
    const echo = Bun.listen<{ left: Buffer[] }>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => void (socket.data = { left: [] }),
        data: (socket, chunk) => {
          socket.data.left.push(chunk);
          writeLeft(socket, socket.data.left);
        },
        drain: (socket) => writeLeft(socket, socket.data.left),
      },
    });
    const { proxyUrl } = open().openPass();
    const head = `CONNECT 127.0.0.1:${echo.port} HTTP/1.1\r\nProxy-Authorization: ${basic(proxyUrl)}\r\n\r\n`;
    const answer = "HTTP/1.1 200 Connection established\r\n\r\n";
    const left = [Buffer.from(head), Buffer.from(sent)];
    const chunks: Buffer[] = [];
    let length = 0;
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(proxyUrl).port),
      socket: {
        data(_socket, chunk) {
          chunks.push(chunk);
          length += chunk.length;
        },
        drain: (socket) => writeLeft(socket, left),
      },
    });
    writeLeft(client, left);
    await until(() => length >= answer.length + sent.length || null, 15_000);
    const all = Buffer.concat(chunks);
    expect(all.toString("latin1", 0, answer.length)).toBe(answer);
    expect(digest(all.subarray(answer.length))).toBe(digest(sent));
    client.terminate();
    echo.stop(true);
  });
});

describe("splice", () => {
  test("is to be had on Linux", () => {
    expect(spliceOfSystem() !== null).toBe(process.platform === "linux");
  });

  test.if(process.platform === "linux")(
    "moves what lies ready, and gives back what finds no room",
    async () => {
      const [source, target] = [await socketPair(), await socketPair()];
      target.far.pause();
      const held: Buffer[] = [];
      let moved = 0;
      for (let at = 0; at < sent.length && held.length === 0;) {
        at += Math.max(0, source.far.write(sent.subarray(at, at + megabyte)));
        await Bun.sleep(1);
        const { bytes, rest } = spliced(source.near, target.near);
        moved += bytes;
        if (rest) held.push(rest);
      }
      const rest = Buffer.concat(held);
      expect(rest.length).toBeGreaterThan(0);
      target.far.resume();
      await until(() => target.got.length >= moved - rest.length || null);
      expect(digest(Buffer.concat([target.got.bytes(), rest]))).toBe(digest(sent.subarray(0, moved)));
      for (const { near, far } of [source, target]) [near, far].forEach((socket) => socket.terminate());
    },
  );

  test.if(process.platform === "linux")("never overtakes what waits for room", async () => {
    const [source, target, sink] = [await socketPair(), await socketPair(), await socketPair()];
    target.far.pause();
    const pipe = new Pipe(source.near, target.near);
    pipe.push(Buffer.from(sent));
    source.far.write("what comes after");
    await Bun.sleep(50);
    // There is room again, of which nobody has told the pipe.
    expect(spliced(target.far, sink.near).bytes).toBeGreaterThan(0);
    expect(pipe.pull().bytes).toBe(0);
    for (const { near, far } of [source, target, sink]) [near, far].forEach((socket) => socket.terminate());
  });

  test.if(process.platform === "linux")(
    "tells a connection that broke from one that has nothing to say, or is at its end",
    async () => {
      const [source, target] = [await socketPair(), await socketPair()];
      expect(spliced(source.near, target.near)).toEqual({ bytes: 0, rest: null, broke: false });
      source.far.write("the last words");
      source.far.shutdown();
      await Bun.sleep(50);
      expect(spliced(source.near, target.near)).toEqual({ bytes: 14, rest: null, broke: false });
      expect(spliced(source.near, target.near)).toEqual({ bytes: 0, rest: null, broke: false });

      const [breaking, open] = [await socketPair(), await socketPair()];
      open.far.write("for nobody");
      await Bun.sleep(50);
      // No turn of the loop from here on, in which Bun would see it by itself.
      breaking.far.terminate();
      expect(spliced(breaking.near, target.near)).toEqual({ bytes: 0, rest: null, broke: true });
      expect(spliced(open.near, breaking.near)).toMatchObject({ bytes: 10, broke: true });

      // What nobody took is not what the next one gets.
      open.far.write("for the next");
      await Bun.sleep(50);
      expect(spliced(open.near, target.near)).toEqual({ bytes: 12, rest: null, broke: false });
      await until(() => target.got.length === 26 || null);
      expect(target.got.bytes().toString()).toBe("the last wordsfor the next");
      for (const { near, far } of [source, target, breaking, open]) {
        [near, far].forEach((socket) => socket.terminate());
      }
      expect(spliced(open.near, target.near)).toEqual({ bytes: 0, rest: null, broke: false });
    },
  );
});

/** Sends so many bytes to whoever asks, without saying how many, and resets the connection. */
const breakingSite = `
  const bytes = new Uint8Array(Number(process.argv.at(-1)));
  const go = (socket) => {
    socket.data += Math.max(0, socket.write(bytes.subarray(socket.data)));
    if (socket.data === bytes.length) socket.terminate();
  };
  const data = (socket) => {
    socket.data = 0;
    socket.write("HTTP/1.1 200 OK\\r\\n\\r\\n");
    go(socket);
  };
  console.log(Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data, drain: go } }).port);
`;

function writeLeft(socket: Socket<unknown>, left: Buffer[]): void {
  for (let chunk = left[0]; chunk; chunk = left[0]) {
    const written = Math.max(0, socket.write(chunk));
    if (written < chunk.length) return void (left[0] = chunk.subarray(written));
    left.shift();
  }
}

function spliced(from: Socket<unknown>, to: Socket<unknown>) {
  return spliceOfSystem()?.(from, to) ?? { bytes: 0, rest: null, broke: false };
}

function open(): Egress {
  egress = openEgress({ allowNetworks: ["127.0.0.0/8"], log: { warn() {} } });
  return egress;
}

function digest(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** Reads through the guard until it hangs up or `most` bytes are there, and rests for a moment every so many bytes. */
async function take(proxyUrl: string, pauseEvery: number, most = Infinity) {
  const ended = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let [length, restAt] = [0, pauseEvery];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(proxyUrl).port),
    socket: {
      data(self, chunk) {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= most) return self.terminate();
        if (length < restAt) return;
        restAt = length + pauseEvery;
        self.pause();
        setTimeout(() => self.resume(), 5);
      },
      close: () => ended.resolve(),
    },
  });
  socket.write(
    `GET ${site.url} HTTP/1.1\r\nHost: ${site.url.host}\r\nProxy-Authorization: ${basic(proxyUrl)}\r\nConnection: close\r\n\r\n`,
  );
  await ended.promise;
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n") + 4;
  return { head: all.subarray(0, end), body: all.subarray(end) };
}

/** The two ends of a connection; the near one does not read by itself. */
async function socketPair() {
  const chunks: Buffer[] = [];
  const got = { length: 0, bytes: () => Buffer.concat(chunks) };
  const accepted = Promise.withResolvers<Socket>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.pause();
        accepted.resolve(socket);
      },
      data() {},
    },
  });
  const far = await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: {
      data(_socket, chunk) {
        chunks.push(chunk);
        got.length += chunk.length;
      },
    },
  });
  const near = await accepted.promise;
  listener.stop();
  return { near, far, got };
}
