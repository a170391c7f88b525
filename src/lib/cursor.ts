import { AppError } from "./errors.ts";

/** The marker of a page: the number of the row that it goes on after. Null for the first page. */
export function parseCursor(cursor: string | null | undefined): number | null {
  if (cursor === null || cursor === undefined || cursor === "") return null;
  const seq = Number(cursor);
  if (Number.isSafeInteger(seq) && seq > 0) return seq;
  throw new AppError("invalid_input", "This page marker is not one of ours.", {
    field: "cursor",
    hint: "Start again from the first page.",
  });
}
