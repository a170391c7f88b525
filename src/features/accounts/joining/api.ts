import { createRoute, z } from "@hono/zod-openapi";
import { bodyOf, failure, jsonOf, newApiPart } from "../../../web/api.ts";
import { limitRegistrations } from "../../../web/limits.ts";
import { sessionJson, sessionSchema } from "../api-parts.ts";
import { register } from "./register.ts";

const registerRoute = createRoute({
  method: "post",
  path: "/auth/register",
  tags: ["Sign-in"],
  summary: "Make an account",
  description: "Where `auth.registration` is closed, nobody can; where it is invite, it takes an invitation.",
  security: [],
  request: {
    body: bodyOf(
      z
        .object({
          name: z.string("Give a name."),
          email: z.string("Give an e-mail address."),
          password: z.string("Give a password."),
          invite: z.string().default("").openapi({
            description: "The secret of an invitation: what stands behind `invite=` in its link.",
          }),
        })
        .openapi("Registration"),
    ),
  },
  responses: {
    201: jsonOf(sessionSchema, "The account, and a token for `Authorization: Bearer`."),
    ...failure,
  },
});

export const joinApi = newApiPart();

joinApi.openapi(registerRoute, async (c) => {
  limitRegistrations(c);
  const { invite, ...account } = c.req.valid("json");
  return c.json(sessionJson(await register(c.get("deps"), account, invite)), 201);
});
