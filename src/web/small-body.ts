import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";

const mostBytes = 1_000_000;

/**
 * Reads a small body into hono's cache, where `c.req.json()` and `c.req.parseBody()` take it from. `too_large`
 * as soon as more is announced or comes, so that nobody fills the memory. Never on the way of an upload.
 */
export async function readSmallBody({ req }: Context<AppEnv>): Promise<void> {
  if (req.bodyCache.arrayBuffer || !req.raw.body) return;
  if (Number(req.header("content-length") ?? 0) > mostBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // A body that breaks off ends the reading by throwing; leaving the loop early cancels it.
  for await (const chunk of req.raw.body) {
    size += chunk.length;
    if (size > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  // hono keeps promises there, whatever its types say.
  const cache: { arrayBuffer?: unknown } = req.bodyCache;
  cache.arrayBuffer = Promise.resolve(Bun.concatArrayBuffers(chunks));
}

/** For all calls of the JSON API: their bodies are small, whatever they say themselves. */
export const smallJson: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (/^application\/([\w.-]+\+)?json\b/i.test(c.req.header("content-type") ?? "")) await readSmallBody(c);
  await next();
};

function tooLarge(): AppError {
  return new AppError("too_large", "That is more than fits here.", {
    hint: "Texts and lists may be a megabyte at the most.",
  });
}
