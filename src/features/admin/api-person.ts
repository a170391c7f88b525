import { z } from "@hono/zod-openapi";
import { roles } from "../../lib/permissions.ts";
import { failure, isoTime, jsonOf, timeSchema } from "../../web/api.ts";
import type { PersonItem } from "./item.ts";

export const personSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: z.enum(roles),
    disabled: z.boolean(),
    has_password: z.boolean(),
    videos: z.int().openapi({ description: "How many are theirs." }),
    quota_bytes: z
      .int()
      .nullable()
      .openapi({ description: "How much all of it may take. Null: `uploads.quota`; 0: no limit." }),
    created_at: timeSchema,
    last_login_at: timeSchema.nullable(),
  })
  .openapi("Person");

export const onePerson = { 200: jsonOf(personSchema, "The person."), ...failure };

export function personJson(person: PersonItem): z.infer<typeof personSchema> {
  const { createdAt, lastLoginAt, hasPassword, quotaBytes, ...rest } = person;
  return {
    ...rest,
    has_password: hasPassword,
    quota_bytes: quotaBytes,
    created_at: isoTime(createdAt),
    last_login_at: lastLoginAt === null ? null : isoTime(lastLoginAt),
  };
}
