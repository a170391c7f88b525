import { addressNotAllowed } from "../../lib/url-policy.ts";
import { AppError, type ErrorCode } from "../../lib/errors.ts";

export interface Failure {
  /** What yt-dlp said last. Only patterns of it are looked for: it can quote files of this machine. */
  stderr: string;
  /** Of yt-dlp; null where it isn't known. */
  ageDays: number | null;
  /** Whether the egress guard refused an address; ffmpeg, where yt-dlp leaves a stream to it, says nothing. */
  refused?: boolean;
  /** Whether cookies for the site were sent along. */
  hadCookies?: boolean;
  cause?: unknown;
}

/** Older ones are likely broken for big sites. */
export const staleAfterDays = 90;

/** What an exit of yt-dlp means for the person who waits. Never shows what yt-dlp wrote. */
export function classifyFailure({ stderr, ageDays, refused, hadCookies, cause }: Failure): AppError {
  const meaning = meaningOf(stderr);
  if (meaning?.code === "address_not_allowed" || (refused && silent.test(stderr))) return addressNotAllowed();
  if (ageMatters(stderr) && ageDays !== null && ageDays > staleAfterDays) {
    return new AppError("tool_outdated", "The downloader is too old for this site.", {
      hint: 'An admin can update it under "Administration", "Tools", or with "homereel doctor --update".',
      cause,
    });
  }
  if (meaning?.code === "needs_cookies" && hadCookies) return cookiesOver(cause);
  const { code, message, hint } = meaning ?? unknown;
  return new AppError(code, message, { hint, cause });
}

function cookiesOver(cause: unknown): AppError {
  return new AppError("needs_cookies", "The site no longer takes the cookies that we have for it.", {
    hint: "An admin can add new ones, from a browser that is logged in there.",
    cause,
  });
}

/** Whether this is how an old yt-dlp fails on a site that has changed. */
export function ageMatters(stderr: string): boolean {
  if (meaningOf(stderr)) return false;
  return /report this issue|unable to extract|extraction failed|latest version/i.test(errorLines(stderr));
}

/** Whether the same attempt may well succeed a little later. */
export function isTransient(code: ErrorCode): boolean {
  return code === "site_unreachable" || code === "interrupted";
}

/** Whole days since a version, which is the date of its release; null where it is no date. */
export function versionAgeDays(version: string, now: number): number | null {
  const [, year, month, day] = /^(\d{4})\.(\d{1,2})\.(\d{1,2})(?:\.|$)/.exec(version) ?? [];
  if (!year) return null;
  return Math.max(0, Math.floor((now - Date.UTC(Number(year), Number(month) - 1, Number(day))) / 86_400_000));
}

interface Meaning {
  pattern: RegExp;
  code: ErrorCode;
  message: string;
  hint: string;
}

/** The first that fits counts. Sentences of yt-dlp 2026.10 and of its extractors. */
const meanings: readonly Meaning[] = [
  {
    pattern: /No space left on device|Disk quota exceeded|Errno 28\b/i,
    code: "storage_full",
    message: "The storage is full.",
    hint: "Delete something or make room, then try again.",
  },
  {
    pattern: /homereel-egress: address_not_allowed/,
    code: "address_not_allowed",
    message: "",
    hint: "",
  },
  {
    pattern: /homereel-egress: name_not_found|getaddrinfo|Name or service not known|name resolution/i,
    code: "site_unreachable",
    message: "There is no site with this name.",
    hint: "Check the link for typing errors.",
  },
  {
    pattern: /DRM.protected|protected by DRM|has_drm/i,
    code: "unsupported_page",
    message: "This video is protected against copying (DRM).",
    hint: "Protected videos can't be downloaded.",
  },
  {
    pattern: /unusual and will be skipped for safety/i,
    code: "not_a_video",
    message: "What this link leads to is not a video.",
    hint: "Open the link in a browser to see what it is.",
  },
  {
    pattern: /no formats that can be downloaded from the start/i,
    code: "live_stream",
    message: "The site doesn't give this live stream out from its start.",
    hint: "Try again when it is over and the recording is online.",
  },
  {
    pattern:
      /live event will begin|Premieres? (in|will begin)|premiere will|is not currently live|is offline|live ?stream|currently live|not started yet/i,
    code: "live_stream",
    message: "This is a live stream.",
    hint: "Try again when it is over and the recording is online.",
  },
  {
    pattern:
      /confirm you.{1,9}not a bot|account cookies|--cookies|login.required|log ?in to|sign in to confirm|only available for registered|HTTP Error 401/i,
    code: "needs_cookies",
    message: "The site wants to know who asks before it gives this video out.",
    hint: "An admin can add cookies for this site, from a browser that is logged in there.",
  },
  {
    pattern: /HTTP Error 429|Too Many Requests|rate.?limit/i,
    code: "site_limited",
    message: "The site wants fewer requests for a while.",
    hint: "It goes on by itself when the site has had its pause.",
  },
  {
    pattern:
      /in your (country|region|location)|geo.?(restrict|block)|not available (in|from) your|blocked it (in|on)|HTTP Error 451/i,
    code: "geo_blocked",
    message: "The site doesn't give this video out in the country that the server is in.",
    hint: "The file can be uploaded, where somebody has it.",
  },
  {
    pattern:
      /private video|video is private|is private\b|members?.only|join this channel|requires? (payment|purchase)|subscribers? only|password.protected|protected by a password|video password/i,
    code: "video_private",
    message: "This video is private.",
    hint: "Ask the owner to make it public, or to send you the file.",
  },
  {
    pattern:
      /HTTP Error (404|410)|has been removed|no longer available|video unavailable|does ?n[o']t exist|account.{0,40}terminated|been deleted|video is unavailable/i,
    code: "video_gone",
    message: "This video is no longer there.",
    hint: "Open the link in a browser to see whether it has moved.",
  },
  {
    pattern: /HTTP Error (403|406|418)|access denied|forbidden/i,
    code: "site_refused",
    message: "The site refused to give this video out.",
    hint: "It may want a login: an admin can add cookies for this site. Or it keeps downloaders out.",
  },
  {
    pattern:
      /Unsupported URL|No video (could be|was) found|no video formats|Requested format is not available|no media found|There.?s no video|is not a valid URL|no suitable extractor/i,
    code: "unsupported_page",
    message: "There is no video on this page that can be downloaded.",
    hint: "Try the address of the video itself, or of the page that shows only this video.",
  },
  {
    pattern:
      /bytes read, \d+ more expected|IncompleteRead|Did not get any data blocks|downloaded file is empty|fragment \d+ not found|Connection (aborted|broken)|Remote end closed|reset by peer|Broken pipe|content too short|ffmpeg exited|ended prematurely|homereel-egress: bad_response/i,
    code: "interrupted",
    message: "The download broke off.",
    hint: "Trying again goes on where it stopped.",
  },
  {
    pattern:
      /homereel-egress: (connect_failed|connect_timeout)|HTTP Error 5\d\d|timed? ?out|Connection refused|Network is unreachable|No route to host|Unable to connect|CERTIFICATE_VERIFY_FAILED|SSL|redirect loop/i,
    code: "site_unreachable",
    message: "The site can't be reached or has a fault.",
    hint: "Try again later.",
  },
];

const silent = /^ERROR: ffmpeg exited with code/m;

const unknown = {
  code: "tool_failed",
  message: "The downloader could not deal with this page.",
  hint: "An admin can read the download's log.",
} as const;

function meaningOf(stderr: string): Meaning | undefined {
  const errors = errorLines(stderr);
  return meanings.find(({ pattern }) => pattern.test(errors));
}

/**
 * Where yt-dlp names no error (it crashed), everything that it said. Links and ids are left out, since
 * they are the site's words and not yt-dlp's.
 */
function errorLines(stderr: string): string {
  const lines = stderr.split("\n");
  const errors = lines.filter((line) => /^ERROR:|No space left|Disk quota/.test(line));
  const said = (errors.length > 0 ? errors : lines).join("\n");
  return said.replaceAll(/https?:\/\/\S+/g, "").replaceAll(/^(ERROR: \[[^\]]+\]) [^\s:]+: /gm, "$1 ");
}
