import { AppError } from "./errors.ts";

/** The marker of a page: the number of the row that it goes on after. Null for the first page. */
export function parseCursor(cursor: string | null | undefined): number | null {
  if (cursor === null || cursor === undefined || cursor === "") return null;
  const seq = Number(cursor);
  if (Number.isSafeInteger(seq) && seq > 0) return seq;
  throw noMarker();
}

/** The marker of a page of a list by name: what its last row was sorted by. */
export function nameCursor({ name, id }: { name: string; id: string }): string {
  return Buffer.from(JSON.stringify([name, id])).toString("base64url");
}

export function parseNameCursor(cursor: string | null | undefined): { name: string; id: string } | null {
  if (cursor === null || cursor === undefined || cursor === "") return null;
  const [name, id] = parseList(Buffer.from(cursor, "base64url").toString());
  if (typeof name === "string" && typeof id === "string") return { name, id };
  throw noMarker();
}

/** Empty where it is no JSON list. */
function parseList(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function noMarker(): AppError {
  return new AppError("invalid_input", "This page marker is not one of ours.", {
    field: "cursor",
    hint: "Start again from the first page.",
  });
}
