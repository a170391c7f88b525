/**
 * Every failure that a person can meet, with its stable code. The HTTP status of each code stands in
 * `web/problem.ts`; nothing else decides it.
 */
export const errorCodes = [
  // what was sent
  "invalid_input",
  "not_a_url",
  "scheme_not_allowed",
  "credentials_in_url",
  "address_not_allowed",
  "not_found",
  "conflict",
  "cross_site",
  "too_large",
  "quota_exceeded",
  "checksum_mismatch",
  "no_direct_uploads",
  "rate_limited",
  // who asks
  "login_required",
  "login_failed",
  "not_allowed",
  "setup_closed",
  "registration_closed",
  "link_invalid",
  // what became of a download
  "unsupported_page",
  "video_private",
  "video_gone",
  "live_stream",
  "site_refused",
  "needs_cookies",
  "geo_blocked",
  "site_limited",
  "site_unreachable",
  "interrupted",
  "not_a_video",
  "not_a_picture",
  "too_long",
  "took_too_long",
  "cancelled",
  // what this machine lacks
  "storage_full",
  "storage_unreachable",
  "tool_missing",
  "tool_outdated",
  "tool_failed",
  "mail_failed",
  "unavailable",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The one action that helps with a failure: what its button does. */
export type Remedy = "retry" | "update_ytdlp" | "add_cookies" | "free_space";

const remedies: Partial<Record<ErrorCode, Remedy>> = {
  live_stream: "retry",
  site_limited: "retry",
  site_unreachable: "retry",
  interrupted: "retry",
  took_too_long: "retry",
  storage_unreachable: "retry",
  tool_failed: "retry",
  internal: "retry",
  tool_missing: "update_ytdlp",
  tool_outdated: "update_ytdlp",
  needs_cookies: "add_cookies",
  site_refused: "add_cookies",
  storage_full: "free_space",
  quota_exceeded: "free_space",
};

/** Null where nothing that can be done here helps. Codes that a later version wrote are unknown. */
export function remedyOf(code: string): Remedy | null {
  return Object.hasOwn(remedies, code) ? (remedies[code as ErrorCode] ?? null) : null;
}

/** What the bytes are, and not what befell them: the same ones fail again, however often they come. */
const lasting = new Set<string>([
  "not_a_video",
  "not_a_picture",
  "too_long",
  "too_large",
] satisfies ErrorCode[]);

export function canPassLater(code: string): boolean {
  return !lasting.has(code);
}

/**
 * An expected failure: `message` says to a person what happened, `hint` what they can do next.
 * Anything that is not an AppError is a bug and is shown as `internal` without its text.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string;
  /** Form field that the message belongs to, where there is one. */
  readonly field: string | undefined;
  /** When it is worth another try. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; field?: string; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? "";
    this.field = options.field;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}
