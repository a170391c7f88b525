import type { Context } from "hono";
import type { AppEnv } from "./env.ts";

const heartbeatMs = 20_000;
const mostWaitingMessages = 500;
const encoder = new TextEncoder();
const heartbeat = encoder.encode(": still here\n\n");

/** One unnamed server-sent event (WHATWG HTML §9.2.6) that carries markup; encoded once for all listeners. */
export function encodeMessage(markup: string): Uint8Array {
  const lines = markup.split("\n").map((line) => `data: ${line}\n`);
  return encoder.encode(`${lines.join("")}\n`);
}

/**
 * Answers with a stream of events that stays open. `open` gets the function that sends and returns what is
 * to be done once the listener is gone. A listener that does not keep up is dropped; it connects again.
 */
export function eventStream(
  c: Context<AppEnv>,
  open: (send: (message: Uint8Array) => void) => () => void,
): Response {
  c.env?.server?.timeout(c.req.raw, 0);
  let close = (): void => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let timer: ReturnType<typeof setInterval> | undefined;
        let unsubscribe = (): void => {};
        close = () => {
          clearInterval(timer);
          unsubscribe();
          close = () => {};
        };
        const send = (message: Uint8Array): void => {
          if ((controller.desiredSize ?? 0) > -mostWaitingMessages) controller.enqueue(message);
          else {
            close();
            controller.error(new Error("the listener does not keep up"));
          }
        };
        timer = setInterval(() => send(heartbeat), heartbeatMs);
        send(heartbeat);
        unsubscribe = open(send);
      },
      cancel: () => close(),
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}
