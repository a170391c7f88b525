import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { bytesIn } from "../fixtures/server-with-bucket.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import { metadata, tusRoot } from "../fixtures/uploads.ts";
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

test("who has asked when it stops still gets an answer, and an open page holds up nothing", async () => {
  const dataDir = newFolder();
  const server = await startServer({ dataDir, settings: { HOMEREEL_STORAGE_DRIVER: "disk" } });
  const scopes = ["read", "upload"];
  const { token } = await server.api<{ token: string }>("/api/v1/auth/tokens", {
    method: "POST",
    body: JSON.stringify({ name: "page", scopes }),
  });
  const headers = { authorization: `Bearer ${token}`, "tus-resumable": "1.0.0" };
  const page = await fetch(`${server.origin}/events?topic=gallery`, { headers });
  const created = await fetch(server.origin + tusRoot, {
    method: "POST",
    headers: { ...headers, "upload-length": "3000000", "upload-metadata": metadata({ filename: "a.mp4" }) },
  });
  const half = new Uint8Array(1_000_000);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sender = writable.getWriter();
  const sending = fetch(new URL(created.headers.get("location") ?? "", server.origin), {
    method: "PATCH",
    headers: { ...headers, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: readable,
  });
  await sender.write(half);
  await until(() => (bytesIn(join(dataDir, "work")) > 0 ? true : null));
  const stopped = server.stop();
  await sender.write(half);
  await sender.close();
  const answer = await sending;
  expect([answer.status, answer.headers.get("upload-offset")]).toEqual([204, "2000000"]);
  expect(await stopped).toBe(0);
  expect(await page.text().catch(() => "cut off")).toBeString();
  expect(server.output()).not.toContain('"level":50');
});
