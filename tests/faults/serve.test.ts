import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { newDataDir, startServer } from "../fixtures/server.ts";
import { until } from "../fixtures/until.ts";

let folder: ReturnType<typeof newDataDir> | undefined;
afterEach(() => folder?.remove());

function newFolder(): string {
  folder = newDataDir();
  return folder.path;
}

/** All that comes back for the very bytes of a request. */
function exchange(origin: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(new URL(origin).port), "127.0.0.1", () => socket.write(request));
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("a Host header that is none is refused, and no source is shown", async () => {
  const server = await startServer({ dataDir: newFolder() });
  for (const host of ["a b", "[::::", "x@y", "\u00e9", "", "a/../b"]) {
    for (const path of ["/login", "/", "/videos/1/stream", "/api/v1/videos"]) {
      const answer = await exchange(
        server.origin,
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect([host, path, answer.split("\r\n")[0]]).toEqual([host, path, "HTTP/1.1 400 Bad Request"]);
      expect(answer.length).toBeLessThan(1000);
    }
  }
  expect(await server.stop()).toBe(0);
});

test("a signal that comes while it starts stops it, and well", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const dataDir = newFolder();
    const child = Bun.spawn(
      [process.execPath, new URL("../../src/main.ts", import.meta.url).pathname, "serve"],
      {
        env: {
          PATH: process.env.PATH ?? "",
          HOMEREEL_DATA_DIR: dataDir,
          HOMEREEL_SERVER_HOST: "127.0.0.1",
          HOMEREEL_SERVER_PORT: "0",
          HOMEREEL_TOOLS_YT_DLP_UPDATES: "never",
        },
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    // The lock is the first thing that it makes, long before it listens.
    await until(() => (existsSync(join(dataDir, "homereel.lock")) ? true : null));
    child.kill(signal);
    expect([signal, await child.exited]).toEqual([signal, 0]);
    folder?.remove();
  }
});

test("a second signal does not hurry it, as npm passes on a Ctrl-C that was heard already", async () => {
  const server = await startServer({ dataDir: newFolder() });
  process.kill(server.pid, "SIGINT");
  process.kill(server.pid, "SIGINT");
  process.kill(server.pid, "SIGTERM");
  expect(await server.exited).toBe(0);
});
