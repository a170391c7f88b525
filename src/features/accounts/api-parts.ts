import { z } from "@hono/zod-openapi";
import type { User } from "../../db/schema.ts";
import { roles } from "../../lib/permissions.ts";
import { isoTime, timeSchema } from "../../web/api.ts";
import type { StartedSession } from "./sessions/sessions.ts";

export const userSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: z.enum(roles),
    disabled: z.boolean(),
    created_at: timeSchema,
    last_login_at: timeSchema.nullable(),
  })
  .openapi("User");

export const sessionSchema = z
  .object({ token: z.string(), expires_at: timeSchema, user: userSchema })
  .openapi("StartedSession");

export function sessionJson({ token, expiresAt, user }: StartedSession): z.infer<typeof sessionSchema> {
  return { token, expires_at: isoTime(expiresAt), user: userJson(user) };
}

export function userJson(user: User): z.infer<typeof userSchema> {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role,
    disabled: user.disabledAt !== null,
    created_at: isoTime(user.createdAt),
    last_login_at: user.lastLoginAt === null ? null : isoTime(user.lastLoginAt),
  };
}
