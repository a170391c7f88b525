import type { z } from "zod";
import { AppError } from "./errors.ts";

/** Reads input by its schema; the first thing that is wrong becomes an `invalid_input` with its field. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new AppError("invalid_input", issue?.message ?? "The input does not fit.", {
    field: issue?.path.join(".") || undefined,
  });
}
