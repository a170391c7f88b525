import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AppError, isAppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";
import { problemOf } from "./problem.ts";
import { readSmallBody } from "./small-body.ts";

/** The text fields of a small form; a field that comes more than once keeps its last value. */
export async function readForm(c: Context<AppEnv>): Promise<Record<string, string>> {
  await readSmallBody(c);
  const fields = await c.req.parseBody().catch((cause: unknown) => {
    throw new AppError("invalid_input", "This form can't be read.", { cause });
  });
  const texts = Object.entries(fields).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}

/** The text fields of a small form, each with all of its values. */
export async function readLists(c: Context<AppEnv>): Promise<Record<string, string[]>> {
  await readSmallBody(c);
  const fields = await c.req.parseBody({ all: true }).catch((cause: unknown) => {
    throw new AppError("invalid_input", "This form can't be read.", { cause });
  });
  const lists = Object.entries(fields).map(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return [name, values.filter((one) => typeof one === "string")] as const;
  });
  return Object.fromEntries(lists);
}

export interface ShownError {
  message: string;
  hint: string;
  field?: string;
  status: ContentfulStatusCode;
}

/** An expected failure, to be shown beside the form that caused it; a bug rises. */
export function shownError(error: unknown): ShownError {
  if (!isAppError(error)) throw error;
  return { message: error.message, hint: error.hint, field: error.field, status: problemOf(error).status };
}
