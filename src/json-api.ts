import type { Context } from "hono";
import { accountApi } from "./features/accounts/api.ts";
import { adminApi } from "./features/admin/api.ts";
import { downloadApi } from "./features/downloads/api.ts";
import { steerApi } from "./features/downloads/steering/api.ts";
import { playbackApi } from "./features/playback/api.ts";
import { imageApi } from "./features/images/api.ts";
import { uploadApi } from "./features/uploads/api.ts";
import { storageApi } from "./features/storage/api.ts";
import { videoUploadApi } from "./features/uploads/api-videos.ts";
import { videoApi } from "./features/videos/api.ts";
import { videoJson, videoSchema } from "./features/videos/api-parts.ts";
import { apiRoot } from "./paths.ts";
import { newApi } from "./web/api.ts";
import { notFound } from "./web/problem.ts";
import type { AppEnv } from "./web/env.ts";

/**
 * The JSON API of all features. `router.tsx` loads this file with the first request for it, since describing
 * every call costs more than the rest of the start.
 */
const api = newApi();
api.use(async (c, next) => {
  const { deps, user, credential } = (c.env as Handed).handed;
  c.set("deps", deps);
  c.set("user", user);
  c.set("credential", credential);
  await next();
});
api.route(apiRoot, accountApi);
api.route(apiRoot, videoApi);
api.route(apiRoot, playbackApi);
api.route(apiRoot, downloadApi);
api.route(apiRoot, steerApi);
api.route(apiRoot, imageApi);
api.route(apiRoot, uploadApi);
api.route(apiRoot, videoUploadApi({ schema: videoSchema, json: videoJson }));
api.route(apiRoot, adminApi);
api.route(apiRoot, storageApi);
// The router answers failures, also those of here.
api.notFound(notFound);
api.onError((error) => {
  throw error;
});

type Handed = AppEnv["Bindings"] & { handed: Pick<AppEnv["Variables"], "deps" | "user" | "credential"> };

/** Answers a request that has passed the router's doors. */
export async function answerApi(c: Context<AppEnv>): Promise<Response> {
  const handed = { deps: c.get("deps"), user: c.get("user"), credential: c.get("credential") };
  return api.fetch(c.req.raw, { ...c.env, handed });
}

export function apiRoutes(): { method: string; path: string }[] {
  return api.routes;
}

/** The OpenAPI 3.1 description, made from the routes themselves. */
export function describeApi() {
  return (description ??= describe());
}

let description: ReturnType<typeof describe> | undefined;

function describe() {
  const conventions =
    'All calls but registering, logging in, a forgotten password and the health check take `Authorization: Bearer` with an API token, made under "Account", or with the token that `POST /api/v1/auth/login` answers with. ' +
    "What fails is answered with problem details (RFC 9457) and a stable `code`. " +
    "Times are ISO 8601 in UTC, sizes bytes, lengths seconds. " +
    "Lists come in pages: give `next_cursor` as `cursor` to get the next, until it is null.";
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  return api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Homereel", version: "1", description: conventions },
    security: [{ bearer: [] }],
  });
}
