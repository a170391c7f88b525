import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Server } from "bun";
import { Hono } from "hono";
import type { AppEnv } from "../../src/web/env.ts";
import { encodeMessage, eventStream } from "../../src/web/sse.ts";
import { until } from "../fixtures/until.ts";

let listeners: Set<(message: Uint8Array) => void>;
let welcome: boolean;
let server: Server<unknown>;
const app = new Hono<AppEnv>().get("/events", (c) =>
  eventStream(c, {
    isWelcome: () => welcome,
    open(send) {
      listeners.add(send);
      return () => listeners.delete(send);
    },
  }),
);
beforeAll(() => {
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => app.fetch(request, { server }) });
});
beforeEach(() => {
  listeners = new Set();
  welcome = true;
});
afterAll(() => server.stop(true));

const tell = (text: string) => listeners.forEach((send) => send(encodeMessage(text)));
const text = (markup: string) => new TextDecoder().decode(encodeMessage(markup));

describe("a message", () => {
  test("stays one message, whatever line ends are in it", () => {
    const parts = text("a\rdata: b\n\nevent: c\r\n\r\nid: d")
      .slice(0, -2)
      .split(/\r\n|\r|\n/);
    expect(parts).toEqual(["data: a", "data: data: b", "data: ", "data: event: c", "data: ", "data: id: d"]);
  });
});

describe("a stream", () => {
  test("brings what is sent, and is closed with its listener", async () => {
    const response = await fetch(`${server.url.origin}/events`);
    const reader = response.body?.getReader();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    await reader?.read();
    tell("hello");
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: hello\n\n");
    await reader?.cancel();
    await until(() => (listeners.size === 0 ? true : null));
  });

  test("ends without another word once its listener is not welcome any more", async () => {
    const response = await fetch(`${server.url.origin}/events`);
    await until(() => (listeners.size === 1 ? true : null));
    welcome = false;
    tell("secret");
    expect(await response.text()).not.toContain("secret");
    expect(listeners.size).toBe(0);
  });

  test("is not opened for HEAD, which nobody would close", async () => {
    const response = await fetch(`${server.url.origin}/events`, { method: "HEAD" });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(listeners.size).toBe(0);
  });

  test("is closed when its listener vanishes", async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, openSocket));
    await until(() => (listeners.size === 20 ? true : null));
    for (const socket of sockets) socket.destroy();
    await until(() => (listeners.size === 0 ? true : null));
  });

  test("drops a listener that does not read, instead of keeping everything for it", async () => {
    const socket = await openSocket();
    socket.pause();
    await until(() => (listeners.size === 1 ? true : null));
    // More than the kernel's buffers and ours hold together.
    for (let i = 0; i < 400 && listeners.size > 0; i++) {
      tell("x".repeat(100_000));
      await Bun.sleep(0);
    }
    expect(listeners.size).toBe(0);
    socket.destroy();
  });
});

function openSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(server.port ?? 0, "127.0.0.1", () => {
      socket.write("GET /events HTTP/1.1\r\nHost: shelf.test\r\n\r\n");
      resolve(socket);
    });
  });
}
