import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../src/lib/errors.ts";
import { readBody, receiveBody } from "../../src/web/receive-body.ts";
import { newDataDir } from "../fixtures/server.ts";

const allowance = { mostBytes: 20_000_000, exceeded: () => new AppError("too_large", "Too much.") };

let folder: ReturnType<typeof newDataDir>;
let path: string;
let server: Bun.Server<undefined>;
beforeAll(() => {
  folder = newDataDir();
  path = join(folder.path, "received");
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      // Meanwhile the body arrives in whole.
      if (new URL(request.url).pathname === "/late") await Bun.sleep(50);
      await receiveBody(request, path, allowance, { bytesPerSecond: 0 });
      return new Response();
    },
  });
});
afterAll(async () => {
  await server.stop(true);
  folder.remove();
});

test("a body is appended once, whether it is still coming or has arrived in whole", async () => {
  const before = new TextEncoder().encode("what was there");
  for (const way of ["/", "/late"]) {
    for (const size of [1, 1000, 100_000, 400_000, 8_000_000]) {
      writeFileSync(path, before);
      const body = new Uint8Array(size).map((_, i) => i ^ (i >> 8) ^ (i >> 16));
      await fetch(server.url.origin + way, { method: "PATCH", body });
      const expected = Buffer.concat([before, body]);
      expect([way, size, readFileSync(path).equals(expected)]).toEqual([way, size, true]);
    }
  }
});

test("what is cut says when its last byte is written, and left a beginning of what was sent", async () => {
  const { promise: rest, resolve: lingers } = Promise.withResolvers<Promise<void>>();
  const stop = new AbortController();
  const reason = new AppError("conflict", "Somebody else came.");
  using slow = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const rules = { bytesPerSecond: 0, signal: stop.signal, lingers };
      const answer = await receiveBody(request, path, allowance, rules).catch((error: unknown) => error);
      return new Response(String(answer === reason));
    },
  });
  const sent = new Uint8Array(6_000_000).map((_, i) => i ^ (i >> 8) ^ (i >> 16));
  writeFileSync(path, "");
  const answered = sendSlowly(slow.port ?? 0, sent, () => stop.abort(reason));
  await rest;
  const written = readFileSync(path);
  expect(written.length).toBeLessThan(sent.length);
  expect(written.equals(sent.subarray(0, written.length))).toBe(true);
  expect(await answered).toEndWith("true");
});

describe("how fast a body has to come", () => {
  test.each([
    ["is not to be seen by how long we take", { takesMs: 450, waitsMs: 1 }, "all of it"],
    ["is seen by how long nothing comes", { takesMs: 1, waitsMs: 1600 }, "took_too_long"],
  ] as const)("%s", async (_, { takesMs, waitsMs }, expected) => {
    process.env.HOMEREEL_TEST_PACE_MS = "200";
    using served = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const rules = { bytesPerSecond: 1_000_000 };
        const reading = readBody(request, rules, () => Bun.sleep(takesMs)).then(() => "all of it");
        return new Response(await reading.catch((error: AppError) => error.code));
      },
    });
    let pieces = 0;
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new Uint8Array(100_000));
        if (++pieces === 4) controller.close();
        await Bun.sleep(waitsMs);
      },
    });
    try {
      expect(await (await fetch(served.url, { method: "POST", body })).text()).toBe(expected);
    } finally {
      delete process.env.HOMEREEL_TEST_PACE_MS;
    }
  });
});

/** Stops in the middle, and says so. */
async function sendSlowly(port: number, bytes: Uint8Array, half: () => void): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data: (_, answer) => resolve(answer.toString()) },
  });
  socket.write(`PATCH / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n\r\n`);
  for (let at = 0; at < bytes.length / 2; at += 100_000) {
    socket.write(bytes.subarray(at, at + 100_000));
    await Bun.sleep(2);
  }
  half();
  return promise;
}
