import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError, errorCodes } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";
import { smallJson } from "./small-body.ts";

/** A part of the JSON API, whose calls take small bodies. */
export function newApiPart(): OpenAPIHono<AppEnv> {
  const part = newApi();
  part.use(smallJson);
  return part;
}

/** Routes that describe themselves: input that does not fit its schema is `invalid_input` with its field. */
export function newApi(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const issue = result.error.issues[0];
      throw new AppError("invalid_input", issue?.message ?? "The input does not fit.", {
        field: issue?.path.join(".") || undefined,
      });
    },
  });
}

export const problemSchema = z
  .object({
    type: z.literal("about:blank"),
    title: z.string().openapi({ description: "What happened, for people." }),
    status: z.int(),
    code: z.enum(errorCodes).openapi({ description: "What happened, for programs: stable." }),
    detail: z.string().openapi({ description: "What can be done." }),
    field: z.string().optional().openapi({ description: "The field that is meant." }),
  })
  .openapi("Problem");

/** The `responses` entry of every call: what failures look like. */
export const failure = {
  default: {
    description: "A failure, as problem details (RFC 9457).",
    content: { "application/problem+json": { schema: problemSchema } },
  },
};

export function jsonOf<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function bodyOf<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } };
}

/** Query of every list: pages are walked by the marker that the page before gave. */
export const pagingQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .openapi({ description: "How many at the most." }),
  cursor: z.string().optional().openapi({ description: "`next_cursor` of the page before." }),
};

export const idParam = z.object({ id: z.string() });

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export const timeSchema = z.iso.datetime().openapi({ example: "2026-11-20T12:00:00.000Z" });
