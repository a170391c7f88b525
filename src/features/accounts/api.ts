import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../lib/errors.ts";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, jsonOf, newApiPart } from "../../web/api.ts";
import { limitLogins } from "../../web/limits.ts";
import { clearSessionCookie, requireCredential, requireUser } from "../../web/session.ts";
import { sessionJson, sessionSchema, userJson, userSchema } from "./api-parts.ts";
import { joinApi } from "./joining/api.ts";
import { ownApi } from "./own/api.ts";
import { recoveryApi } from "./recovery/api.ts";
import { logIn } from "./sessions/login.ts";
import { logOut, refreshSession } from "./sessions/sessions.ts";
import { revokeApiToken } from "./sessions/tokens.ts";

const loginRoute = createRoute({
  method: "post",
  path: "/auth/login",
  tags: ["Sign-in"],
  summary: "Log in",
  security: [],
  request: { body: bodyOf(z.object({ email: z.string(), password: z.string() }).openapi("Login")) },
  responses: {
    200: jsonOf(sessionSchema, "A token for `Authorization: Bearer`."),
    ...failure,
  },
});

const verifyRoute = createRoute({
  method: "get",
  path: "/auth/verify",
  middleware: allow("account.see"),
  tags: ["Sign-in"],
  summary: "Who the token is",
  responses: {
    200: jsonOf(
      z.object({
        user: userSchema,
        scopes: z.array(z.string()).nullable().openapi({
          description: "Of an API token; null for a session, which may do all that its person may.",
        }),
      }),
      "The person.",
    ),
    ...failure,
  },
});

const refreshRoute = createRoute({
  method: "post",
  path: "/auth/refresh",
  middleware: allow("account.change"),
  tags: ["Sign-in"],
  summary: "A new token for this session, before the old one expires",
  responses: { 200: jsonOf(sessionSchema, "A token that is good for longer."), ...failure },
});

const logoutRoute = createRoute({
  method: "post",
  path: "/auth/logout",
  tags: ["Sign-in"],
  summary: "End this session, or revoke this token",
  responses: { 204: { description: "Logged out." }, ...failure },
});

export const accountApi = newApiPart();

// Tokens are told once, and to nobody's cache.
accountApi.use("/auth/*", async (c, next) => {
  await next();
  c.res.headers.set("Cache-Control", "no-store");
});

accountApi.route("/", joinApi);
accountApi.route("/", recoveryApi);
accountApi.route("/", ownApi);

accountApi
  .openapi(loginRoute, async (c) => {
    const { email, password } = c.req.valid("json");
    const session = await limitLogins(c, email, () => logIn(c.get("deps"), email, password));
    return c.json(sessionJson(session), 200);
  })
  .openapi(verifyRoute, (c) => {
    const credential = requireCredential(c);
    const scopes = credential.kind === "token" ? [...credential.scopes] : null;
    return c.json({ user: userJson(requireUser(c)), scopes }, 200);
  })
  .openapi(refreshRoute, async (c) => {
    const credential = requireCredential(c);
    if (credential.kind !== "session")
      throw new AppError("not_allowed", "There is no session to make longer.");
    return c.json(sessionJson(await refreshSession(c.get("deps"), requireUser(c), credential.id)), 200);
  })
  .openapi(logoutRoute, (c) => {
    const [deps, user, credential] = [c.get("deps"), c.get("user"), c.get("credential")];
    if (user && credential?.kind === "session") logOut(deps, user, credential.id);
    if (user && credential?.kind === "token") revokeApiToken(deps, user, credential.id);
    clearSessionCookie(c);
    return c.body(null, 204);
  });
