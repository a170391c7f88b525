import { cors as honoCors } from "hono/cors";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./env.ts";

/**
 * Lets the scripts of the sites in `server.cors_origins` call the JSON API with a token. Never with a cookie: no
 * Access-Control-Allow-Credentials (Fetch §3.2.5). Without such sites nothing is said at all.
 */
export const cors: MiddlewareHandler<AppEnv> = async (c, next) => {
  const origins = c.get("deps").config.server.cors_origins;
  if (origins.length === 0) return next();
  return answer(c, next);
};

/** For uploads that can be resumed (tus.io/protocols/resumable-upload). */
const tusSends = [
  "Tus-Resumable",
  "Upload-Length",
  "Upload-Offset",
  "Upload-Metadata",
  "Upload-Checksum",
  "X-HTTP-Method-Override",
];
const tusAnswers = [
  "Location",
  "Tus-Resumable",
  "Tus-Version",
  "Upload-Offset",
  "Upload-Length",
  "Upload-Expires",
];

const answer = honoCors({
  origin: (origin, c) => (c.get("deps").config.server.cors_origins.includes(origin) ? origin : null),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders: ["Authorization", "Content-Type", ...tusSends],
  exposeHeaders: ["Retry-After", ...tusAnswers],
  maxAge: 600,
});
