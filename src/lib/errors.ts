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

/** What helps with a failure: what its button does. */
export const remedies = ["retry", "update_ytdlp", "add_cookies", "free_space", "remove"] as const;
export type Remedy = (typeof remedies)[number];

interface Outlook {
  /** The best first. With `remove` there, another try passes only where somebody else has changed something. */
  helps: readonly [best: Remedy, ...others: Remedy[]];
  /** What the bytes are, and not what befell them: the same ones fail again, however often they come. */
  isLasting?: true;
}

/** What becomes of each failure: every button, and what is refused to be tried again, is read from here. */
const outlooks: Partial<Record<ErrorCode, Outlook>> = {
  live_stream: { helps: ["retry"] },
  site_limited: { helps: ["retry"] },
  site_unreachable: { helps: ["retry"] },
  interrupted: { helps: ["retry"] },
  took_too_long: { helps: ["retry"] },
  cancelled: { helps: ["retry"] },
  storage_unreachable: { helps: ["retry"] },
  tool_failed: { helps: ["retry"] },
  internal: { helps: ["retry"] },
  tool_missing: { helps: ["update_ytdlp"] },
  tool_outdated: { helps: ["update_ytdlp"] },
  needs_cookies: { helps: ["add_cookies"] },
  site_refused: { helps: ["add_cookies"] },
  storage_full: { helps: ["free_space"] },
  quota_exceeded: { helps: ["free_space"] },
  address_not_allowed: { helps: ["remove"] },
  video_private: { helps: ["remove"] },
  video_gone: { helps: ["remove"] },
  geo_blocked: { helps: ["remove"] },
  // Or yt-dlp does not know the page yet.
  unsupported_page: { helps: ["remove", "update_ytdlp"] },
  not_a_video: { helps: ["remove"], isLasting: true },
  not_a_picture: { helps: ["remove"], isLasting: true },
  too_long: { helps: ["remove"], isLasting: true },
  too_large: { helps: ["remove"], isLasting: true },
};

/** What helps, the best first; empty where nothing that can be done here does. */
export function remediesOf(code: string): readonly Remedy[] {
  return outlookOf(code)?.helps ?? [];
}

/** Whether another try is what to do: not where it would only fail again, as things are. */
export function isWorthATry(code: string): boolean {
  return !remediesOf(code).includes("remove");
}

/** Whether another try can pass at all. */
export function canPassLater(code: string): boolean {
  return !outlookOf(code)?.isLasting;
}

/** Codes that a later version wrote are unknown. */
function outlookOf(code: string): Outlook | undefined {
  return Object.hasOwn(outlooks, code) ? outlooks[code as ErrorCode] : undefined;
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
