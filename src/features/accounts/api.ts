import { createRoute, z } from "@hono/zod-openapi";
import type { User } from "../../db/schema.ts";
import { bodyOf, failure, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { limitLogins } from "../../web/login-limit.ts";
import { clearSessionCookie, requireUser } from "../../web/session.ts";
import { logIn } from "./accounts.ts";

const userSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: z.enum(["admin", "user", "viewer"]),
    created_at: timeSchema,
  })
  .openapi("User");

const loginRoute = createRoute({
  method: "post",
  path: "/auth/login",
  tags: ["Sign-in"],
  summary: "Log in",
  security: [],
  request: { body: bodyOf(z.object({ email: z.string(), password: z.string() }).openapi("Login")) },
  responses: {
    200: jsonOf(
      z.object({ token: z.string(), expires_at: timeSchema, user: userSchema }),
      "A token for `Authorization: Bearer`.",
    ),
    ...failure,
  },
});

const verifyRoute = createRoute({
  method: "get",
  path: "/auth/verify",
  tags: ["Sign-in"],
  summary: "Who the token is",
  responses: { 200: jsonOf(z.object({ user: userSchema }), "The person."), ...failure },
});

const logoutRoute = createRoute({
  method: "post",
  path: "/auth/logout",
  tags: ["Sign-in"],
  summary: "Forget the session cookie",
  responses: { 204: { description: "Logged out." }, ...failure },
});

export const accountApi = newApiPart()
  .openapi(loginRoute, async (c) => {
    const { email, password } = c.req.valid("json");
    const session = await limitLogins(c, email, () => logIn(c.get("deps"), email, password));
    return c.json(
      { token: session.token, expires_at: isoTime(session.expiresAt), user: userJson(session.user) },
      200,
    );
  })
  .openapi(verifyRoute, (c) => c.json({ user: userJson(requireUser(c)) }, 200))
  .openapi(logoutRoute, (c) => {
    clearSessionCookie(c);
    return c.body(null, 204);
  });

function userJson(user: User): z.infer<typeof userSchema> {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role,
    created_at: isoTime(user.createdAt),
  };
}
