import type { ContentfulStatusCode } from "hono/utils/http-status";
import { HTTPException } from "hono/http-exception";
import { databaseFailure } from "../db/failures.ts";
import { AppError } from "../lib/errors.ts";
import type { ErrorCode } from "../lib/errors.ts";

/** The HTTP status of every failure. */
export const statusOf: Record<ErrorCode, ContentfulStatusCode> = {
  invalid_input: 422,
  not_a_url: 422,
  scheme_not_allowed: 422,
  credentials_in_url: 422,
  address_not_allowed: 422,
  not_found: 404,
  conflict: 409,
  cross_site: 403,
  too_large: 413,
  quota_exceeded: 507,
  // As tus says it, and nobody else (tus.io/protocols/resumable-upload, "Checksum").
  no_direct_uploads: 409,
  checksum_mismatch: 460 as ContentfulStatusCode,
  rate_limited: 429,
  login_required: 401,
  login_failed: 401,
  not_allowed: 403,
  setup_closed: 403,
  registration_closed: 403,
  link_invalid: 403,
  unsupported_page: 422,
  video_private: 422,
  video_gone: 422,
  live_stream: 422,
  site_refused: 422,
  needs_cookies: 422,
  geo_blocked: 422,
  site_limited: 503,
  site_unreachable: 502,
  interrupted: 502,
  not_a_video: 422,
  not_a_picture: 422,
  too_long: 422,
  took_too_long: 504,
  cancelled: 409,
  storage_full: 507,
  storage_unreachable: 503,
  tool_missing: 503,
  tool_outdated: 503,
  tool_failed: 500,
  mail_failed: 502,
  unavailable: 503,
  internal: 500,
};

/** Problem details (RFC 9457) with a stable `code`. */
export interface Problem {
  type: "about:blank";
  title: string;
  status: ContentfulStatusCode;
  code: ErrorCode;
  detail: string;
  /** The form field or property that is meant. */
  field?: string;
}

/** What a person may know of a failure; a bug is `internal` and keeps its text to the log. */
export function problemOf(error: unknown): Problem {
  const known = expected(error) ?? bug();
  return {
    type: "about:blank",
    title: known.message,
    status: statusOf[known.code],
    code: known.code,
    detail: known.hint,
    ...(known.field === undefined ? {} : { field: known.field }),
  };
}

function expected(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) return unreadable(error);
  return databaseFailure(error);
}

/** hono's word for a body that is no JSON, or does not say that it is. */
function unreadable({ status }: HTTPException): AppError | null {
  if (status === 400) return new AppError("invalid_input", "The body is not the JSON that it says it is.");
  if (status === 415) return new AppError("invalid_input", "Send the body as application/json.");
  return null;
}

function bug(): AppError {
  return new AppError("internal", "Something went wrong on our side.", {
    hint: "Nothing was lost. Try again; if it stays, the log says more.",
  });
}

/** For addresses that lead nowhere. */
export function notFound(): never {
  throw new AppError("not_found", "There is nothing here.", {
    hint: "The address may be mistyped or out of date.",
  });
}
