import { AppError } from "../lib/errors.ts";

/**
 * What a person can do something about among the failures of SQLite (sqlite.org/rescode.html): no space, no
 * way to the file, or somebody else who does not let go of it. Null for everything else, which is a bug.
 */
export function databaseFailure(error: unknown): AppError | null {
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  const kind = kinds.find(({ codes }) => codes.test(code));
  return kind ? new AppError(kind.is, kind.message, { hint: kind.hint, cause: error }) : null;
}

const kinds = [
  {
    codes: /^SQLITE_FULL$/,
    is: "storage_full",
    message: "The storage is full.",
    hint: "Delete something, or give the data folder more space.",
  },
  {
    codes: /^SQLITE_(READONLY|IOERR|CANTOPEN)(_|$)/,
    is: "storage_unreachable",
    message: "The data folder can't be used right now.",
    hint: "Check that its disk is mounted, has space, and may be written to.",
  },
  {
    codes: /^SQLITE_(BUSY|LOCKED)(_|$)/,
    is: "unavailable",
    message: "The database is busy.",
    hint: "Try again in a moment.",
  },
] as const;
