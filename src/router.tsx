import type { Server } from "bun";
import { Hono } from "hono";
import type { Context } from "hono";
import { ApiDocsPage } from "../views/api-docs.tsx";
import type { OpenApiDocument } from "../views/api-docs.tsx";
import { ErrorPage } from "../views/error.tsx";
import type { Deps } from "./deps.ts";
import { identify, recallSession } from "./features/accounts/accounts.ts";
import { accountRoutes } from "./features/accounts/routes.tsx";
import { adminRoutes } from "./features/admin/routes.tsx";
import { countRunning } from "./features/downloads/downloads.ts";
import { downloadRoutes } from "./features/downloads/routes.tsx";
import { sendStream } from "./features/playback/playback.ts";
import { imageRoutes } from "./features/images/routes.tsx";
import { playbackRoutes } from "./features/playback/routes.ts";
import { uploadRoutes } from "./features/uploads/routes.tsx";
import { videoRoutes } from "./features/videos/routes.tsx";
import { AppError } from "./lib/errors.ts";
import { apiRoot, paths } from "./paths.ts";
import { requireLogin } from "./web/access-guard.ts";
import { allow } from "./web/allow.ts";
import { assets } from "./web/assets.ts";
import { fromOf } from "./web/client-address.ts";
import { cors } from "./web/cors.ts";
import type { AppEnv } from "./web/env.ts";
import { fastLane } from "./web/fast-lane.ts";
import { readForm } from "./web/forms.ts";
import { limitApi } from "./web/limits.ts";
import { pageOf, setTheme } from "./web/page.ts";
import { notFound, problemOf } from "./web/problem.ts";
import { readiness } from "./web/readiness.ts";
import { sameOrigin } from "./web/same-origin.ts";
import { safePath } from "./web/safe-path.ts";
import { securityHeaders } from "./web/security-headers.ts";
import { authenticate } from "./web/session.ts";

export interface Router {
  /** Answers one request; `server` is Bun's, for time limits and addresses. */
  fetch(request: Request, server?: Server<unknown>): Response | Promise<Response>;
  /** Every door of the program: what tests walk through. */
  routes(): Promise<{ method: string; path: string }[]>;
}

/** Every route of the program, each behind the same doors: headers, same origin, who asks, login. */
export function createRouter(deps: Deps): Router {
  const app = new Hono<AppEnv>();

  app.use(async (c, next) => {
    c.set("deps", { ...deps, from: fromOf(deps, c.req.raw, c.env?.server) });
    c.set("user", null);
    c.set("credential", null);
    c.set("countRunning", () => 0);
    await next();
  });
  app.use(securityHeaders);
  app.get("/assets/*", (c) => assets().respond(c.req.raw, c.req.path) ?? notFound());
  app.get("/favicon.ico", (c) => c.redirect(assets().url("favicon.svg"), 301));
  app.get(paths.health(), (c) => c.json({ status: "alive" }));
  app.get(paths.ready(), (c) => {
    const parts = readiness(deps);
    return c.json(parts, parts.status === "ready" ? 200 : 503);
  });
  app.use(`${apiRoot}/*`, cors);
  app.use(sameOrigin);
  app.use(authenticate(identify));
  app.use(requireLogin);
  app.use(async (c, next) => {
    const user = c.get("user");
    if (user) c.set("countRunning", () => countRunning(deps, user));
    await next();
  });

  app.route("/", accountRoutes);
  app.route("/", videoRoutes);
  app.route("/", uploadRoutes);
  app.route("/", downloadRoutes);
  app.route("/", imageRoutes);
  app.route("/", playbackRoutes);
  app.route("/", adminRoutes);
  app.post(paths.theme(), async (c) => {
    const { theme, next } = await readForm(c);
    setTheme(c, theme);
    return c.redirect(safePath(next), 303);
  });

  app.get(paths.openapi(), allow("account.see"), async (c) => c.json((await api()).describeApi()));
  app.get(paths.apiDocs(), allow("account.see"), async (c) => {
    const document = (await api()).describeApi() as unknown as OpenApiDocument;
    return c.html(<ApiDocsPage page={pageOf(c)} document={document} />);
  });
  app.use(`${apiRoot}/*`, limitApi);
  app.all(`${apiRoot}/*`, async (c) => (await api()).answerApi(c));

  app.notFound(notFound);
  app.onError(answerError);
  const streams = fastLane(deps, { door: streamDoor, recall: recallSession, answer: sendStream });
  return {
    fetch(request, server) {
      const takeLongWay = () => app.fetch(request, { server });
      const fast = streams(request);
      if (fast instanceof Promise) return fast.then((response) => response ?? takeLongWay());
      return fast ?? takeLongWay();
    },
    routes: async () =>
      [...app.routes, ...(await api()).apiRoutes()]
        .filter(({ method }) => method !== "ALL")
        .map(({ method, path }) => ({ method, path })),
  };
}

/** As in `playbackRoutes`; an id of other characters goes the long way. */
const streamDoor = /^https?:\/\/[^/]+\/videos\/([\w-]+)\/stream(?:\?|$)/;

/** Loaded with the first request that needs it. */
const api = () => import("./json-api.ts");

function answerError(error: Error, c: Context<AppEnv>): Response | Promise<Response> {
  const problem = problemOf(error);
  if (problem.code === "internal") {
    c.get("deps").log.error({ err: error, method: c.req.method, path: c.req.path }, "a request failed");
  }
  const retryAfter = error instanceof AppError ? error.retryAfterSeconds : undefined;
  if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
  c.header("Cache-Control", "no-store");
  if (c.req.path.startsWith(`${apiRoot}/`)) {
    return c.json(problem, problem.status, { "Content-Type": "application/problem+json" });
  }
  const { status, title, detail, code } = problem;
  return c.html(
    <ErrorPage page={pageOf(c)} status={status} message={title} hint={detail} code={code} />,
    status,
  );
}
