import { createRoute, z } from "@hono/zod-openapi";
import type { ApiToken } from "../../../db/schema.ts";
import { scopes } from "../../../lib/permissions.ts";
import { allow } from "../../../web/allow.ts";
import { bodyOf, failure, idParam, isoTime, jsonOf, newApiPart, timeSchema } from "../../../web/api.ts";
import { requireUser } from "../../../web/session.ts";
import { createApiToken, listApiTokens, revokeApiToken } from "../sessions/tokens.ts";

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    created_at: timeSchema,
    last_used_at: timeSchema.nullable(),
    expires_at: timeSchema.nullable().openapi({ description: "Null: never." }),
  })
  .openapi("ApiToken");

const newTokenSchema = z
  .object({
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    expires_in_days: z.int().min(1).max(3650).nullish().openapi({ description: "Never, unless given." }),
  })
  .openapi("NewApiToken");

const own = { middleware: allow("account.change"), tags: ["Your account"] };

const tokensRoute = createRoute({
  ...own,
  method: "get",
  path: "/auth/tokens",
  summary: "Your API tokens, newest first",
  responses: { 200: jsonOf(z.object({ items: z.array(tokenSchema) }), "All of them."), ...failure },
});

const newTokenRoute = createRoute({
  ...own,
  method: "post",
  path: "/auth/tokens",
  summary: "Make an API token",
  request: { body: bodyOf(newTokenSchema) },
  responses: {
    201: jsonOf(
      tokenSchema.extend({ token: z.string().openapi({ description: "Told once, and not kept." }) }),
      "The token.",
    ),
    ...failure,
  },
});

const revokeRoute = createRoute({
  ...own,
  method: "delete",
  path: "/auth/tokens/{id}",
  summary: "Revoke an API token",
  request: { params: idParam },
  responses: { 204: { description: "It is worth nothing any more." }, ...failure },
});

export const tokenApi = newApiPart()
  .openapi(tokensRoute, (c) => {
    return c.json({ items: listApiTokens(c.get("deps"), requireUser(c)).map(tokenJson) }, 200);
  })
  .openapi(newTokenRoute, (c) => {
    const { token, row } = createApiToken(c.get("deps"), requireUser(c), c.req.valid("json"));
    c.header("Cache-Control", "no-store");
    return c.json({ ...tokenJson(row), token }, 201);
  })
  .openapi(revokeRoute, (c) => {
    revokeApiToken(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  });

function tokenJson(token: ApiToken): z.infer<typeof tokenSchema> {
  return {
    id: token.id,
    name: token.name,
    scopes: token.scopes,
    created_at: isoTime(token.createdAt),
    last_used_at: token.lastUsedAt === null ? null : isoTime(token.lastUsedAt),
    expires_at: token.expiresAt === null ? null : isoTime(token.expiresAt),
  };
}
