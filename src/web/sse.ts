import type { Context } from "hono";
import type { AppEnv } from "./env.ts";

const heartbeatMs = 20_000;
const mostWaitingBytes = 1_000_000;
/** Then the browser connects again, and whether its session still holds is looked at like at every request. */
const longestMs = 3_600_000;
const encoder = new TextEncoder();
const heartbeat = encoder.encode(": still here\n\n");

/** One unnamed server-sent event (WHATWG HTML §9.2.6) that carries markup; encoded once for all listeners. */
export function encodeMessage(markup: string): Uint8Array {
  // Any of the three ends a line there; text of strangers could begin an event of its own.
  const lines = markup.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return encoder.encode(`${lines.join("")}\n`);
}

export interface EventSourceOptions {
  /** Looked at before every message and every 20 s: once it is false the stream ends and says no more. */
  isWelcome(): boolean;
  /** Gets the function that sends; returns what is to be done once the listener is gone. */
  open(send: (message: Uint8Array) => void): () => void;
}

/** Answers with a stream of events that stays open. A listener that does not keep up is dropped; it connects again. */
export function eventStream(c: Context<AppEnv>, options: EventSourceOptions): Response {
  const headers = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  };
  // Nobody would read the stream, and so nobody would ever close it.
  if (c.req.method === "HEAD") return new Response(null, { headers });
  c.env?.server?.timeout(c.req.raw, 0);
  return new Response(openStream(options), { headers });
}

function openStream({ isWelcome, open }: EventSourceOptions): ReadableStream<Uint8Array> {
  let close = (): void => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let closed = false;
        let unsubscribe = (): void => {};
        const openedAt = performance.now();
        const timer = setInterval(() => send(heartbeat), heartbeatMs);
        close = () => {
          closed = true;
          clearInterval(timer);
          unsubscribe();
        };
        const send = (message: Uint8Array): void => {
          if (closed) return;
          if (!isWelcome() || performance.now() - openedAt > longestMs) {
            close();
            controller.close();
          } else if ((controller.desiredSize ?? 0) > 0) controller.enqueue(message);
          else {
            close();
            controller.error(new Error("the listener does not keep up"));
          }
        };
        send(heartbeat);
        unsubscribe = open(send);
        if (closed) unsubscribe();
      },
      cancel: () => close(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostWaitingBytes }),
  );
}
