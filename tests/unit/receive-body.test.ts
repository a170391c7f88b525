import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../src/lib/errors.ts";
import { receiveBody } from "../../src/web/receive-body.ts";
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
