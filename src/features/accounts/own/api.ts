import { createRoute, z } from "@hono/zod-openapi";
import type { Session } from "../../../db/schema.ts";
import { allow } from "../../../web/allow.ts";
import { bodyOf, failure, idParam, isoTime, jsonOf, newApiPart, timeSchema } from "../../../web/api.ts";
import { limitPasswords } from "../../../web/limits.ts";
import { clearSessionCookie, requireCredential, requireUser } from "../../../web/session.ts";
import { sessionJson, sessionSchema, userJson, userSchema } from "../api-parts.ts";
import { tokenApi } from "./api-tokens.ts";
import { changeOwnName, changeOwnPassword, proveOneself } from "./own.ts";
import { endAllSessions, endSession, listSessions } from "../sessions/sessions.ts";

const openSessionSchema = z
  .object({
    id: z.string(),
    device: z.string().openapi({ example: "Firefox on Windows" }),
    address: z.string(),
    current: z.boolean().openapi({ description: "Whether it is the one that asks." }),
    created_at: timeSchema,
    last_used_at: timeSchema,
    expires_at: timeSchema,
  })
  .openapi("Session");

const own = { middleware: allow("account.change"), tags: ["Your account"] };

const nameRoute = createRoute({
  ...own,
  method: "patch",
  path: "/auth/me",
  summary: "Change your name",
  request: { body: bodyOf(z.object({ name: z.string() })) },
  responses: { 200: jsonOf(userSchema, "The account."), ...failure },
});

const passwordRoute = createRoute({
  ...own,
  method: "post",
  path: "/auth/password",
  summary: "Change your password; all sessions end",
  request: {
    body: bodyOf(
      z.object({
        current_password: z.string().default("").openapi({ description: "Where there is one." }),
        new_password: z.string(),
      }),
    ),
  },
  responses: {
    200: jsonOf(sessionSchema, "A new session, in place of the one that asked."),
    204: { description: "Changed, by somebody who came in without a session." },
    ...failure,
  },
});

const sessionsRoute = createRoute({
  ...own,
  method: "get",
  path: "/auth/sessions",
  summary: "Your open sessions, the one used last first",
  responses: {
    200: jsonOf(z.object({ items: z.array(openSessionSchema) }), "All of them."),
    ...failure,
  },
});

const endRoute = createRoute({
  ...own,
  method: "delete",
  path: "/auth/sessions/{id}",
  summary: "End one of your sessions",
  request: { params: idParam },
  responses: { 204: { description: "Ended." }, ...failure },
});

const endAllRoute = createRoute({
  ...own,
  method: "post",
  path: "/auth/logout-everywhere",
  summary: "End all your sessions, this one too",
  responses: { 204: { description: "All have ended." }, ...failure },
});

export const ownApi = newApiPart();

ownApi.route("/", tokenApi);

ownApi
  .openapi(nameRoute, (c) => {
    const { name } = c.req.valid("json");
    return c.json(userJson(changeOwnName(c.get("deps"), requireUser(c), name)), 200);
  })
  .openapi(passwordRoute, async (c) => {
    const { current_password, new_password } = c.req.valid("json");
    const who = { user: requireUser(c), credential: requireCredential(c) };
    await limitPasswords(c, () => proveOneself(c.get("deps"), who, current_password));
    const session = await changeOwnPassword(c.get("deps"), who, new_password);
    if (!session) return c.body(null, 204);
    c.header("Cache-Control", "no-store");
    return c.json(sessionJson(session), 200);
  })
  .openapi(sessionsRoute, (c) => {
    const current = requireCredential(c);
    const sessions = listSessions(c.get("deps"), requireUser(c));
    const items = sessions.map((session) => ({
      ...openSessionJson(session),
      current: current.kind === "session" && current.id === session.id,
    }));
    return c.json({ items }, 200);
  })
  .openapi(endRoute, (c) => {
    endSession(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(endAllRoute, (c) => {
    const user = requireUser(c);
    endAllSessions(c.get("deps"), user, user);
    clearSessionCookie(c);
    return c.body(null, 204);
  });

function openSessionJson(session: Session): Omit<z.infer<typeof openSessionSchema>, "current"> {
  return {
    id: session.id,
    device: session.device,
    address: session.address,
    created_at: isoTime(session.createdAt),
    last_used_at: isoTime(session.lastUsedAt),
    expires_at: isoTime(session.expiresAt),
  };
}
