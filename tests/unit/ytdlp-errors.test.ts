import { describe, expect, test } from "bun:test";
import { ageMatters, classifyFailure, isTransient, versionAgeDays } from "../../src/exec/ytdlp/errors.ts";
import { errorCodes, type ErrorCode } from "../../src/lib/errors.ts";

const report =
  "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template. Confirm you are on the latest version using  yt-dlp -U";
const caused = (what: string) =>
  `ERROR: [generic] x: Unable to download webpage: ${what} (caused by <HTTPError ${what.slice(11)}>)`;
const guard = (status: string, reason: string) =>
  `ERROR: [generic] x: Unable to download webpage: ('Unable to connect to proxy', OSError('Tunnel connection failed: ${status} homereel-egress: ${reason}')) (caused by ProxyError())${report}`;

/** What yt-dlp 2026.10 and its extractors write. */
const said: [stderr: string, code: ErrorCode][] = [
  [caused("HTTP Error 404: Not Found"), "video_gone"],
  [caused("HTTP Error 410: Gone"), "video_gone"],
  [caused("HTTP Error 403: Forbidden"), "site_refused"],
  [caused("HTTP Error 401: Unauthorized"), "needs_cookies"],
  [caused("HTTP Error 429: Too Many Requests"), "site_limited"],
  [caused("HTTP Error 451: Unavailable For Legal Reasons"), "geo_blocked"],
  [caused("HTTP Error 500: Internal Server Error"), "site_unreachable"],
  [caused("HTTP Error 503: Service Unavailable"), "site_unreachable"],
  [caused("HTTP Error 302: Found (redirect loop detected)"), "site_unreachable"],
  [caused("HTTP Error 403: homereel-egress: address_not_allowed"), "address_not_allowed"],
  [guard("403", "address_not_allowed"), "address_not_allowed"],
  [
    "ERROR: unable to download video data: HTTP Error 403: homereel-egress: address_not_allowed",
    "address_not_allowed",
  ],
  [
    "ERROR: [download] Got error: HTTP Error 403: homereel-egress: address_not_allowed. Giving up after 3 retries",
    "address_not_allowed",
  ],
  ["ERROR: ffmpeg exited with code 1", "interrupted"],
  [guard("502", "name_not_found"), "site_unreachable"],
  [guard("502", "connect_failed"), "site_unreachable"],
  [guard("504", "connect_timeout"), "site_unreachable"],
  [caused("HTTP Error 502: homereel-egress: bad_response"), "interrupted"],
  [
    "ERROR: [generic] slow: Unable to download webpage: HTTPConnectionPool(host='127.0.0.1', port=43809): Read timed out. (read timeout=20.0)",
    "site_unreachable",
  ],
  ["ERROR: Unsupported URL: https://example.com/article", "unsupported_page"],
  [
    "ERROR: [generic] video: Requested format is not available. Use --list-formats for a list of available formats",
    "unsupported_page",
  ],
  [`ERROR: [twitter] 1: No video could be found in this tweet${report}`, "unsupported_page"],
  ["ERROR: [generic] x: This video is DRM protected", "unsupported_page"],
  ["ERROR: Did not get any data blocks", "interrupted"],
  ["ERROR: The downloaded file is empty", "interrupted"],
  [
    "ERROR: [download] Got error: 76348 bytes read, 76349 more expected. Giving up after 3 retries",
    "interrupted",
  ],
  ["ERROR: fragment 2 not found, unable to continue", "interrupted"],
  ["ERROR: unable to download video data: [Errno 28] No space left on device", "storage_full"],
  ["WARNING: x\nOSError: [Errno 28] No space left on device: '/data/jobs/original.mp4.part'", "storage_full"],
  ["ERROR: The extracted extension ('exe') is unusual and will be skipped for safety reasons", "not_a_video"],
  ["ERROR: [youtube] x: Private video. Sign in if you've been granted access to this video", "video_private"],
  [
    "ERROR: [youtube] x: Join this channel to get access to members-only content like this video",
    "video_private",
  ],
  [
    "ERROR: [vimeo] 1: This video is protected by a password, use the --video-password option",
    "video_private",
  ],
  [
    "ERROR: [youtube] x: Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies",
    "needs_cookies",
  ],
  [
    "ERROR: [youtube] x: Sign in to confirm your age. This video may be inappropriate for some users.",
    "needs_cookies",
  ],
  [
    "ERROR: [instagram] x: Requested content is not available, rate-limit reached or login required.",
    "needs_cookies",
  ],
  [
    "ERROR: [youtube] x: This content isn't available, try again later. The current session has been rate-limited by YouTube for up to an hour.",
    "site_limited",
  ],
  ["ERROR: unable to download video data: HTTP Error 429: Too Many Requests", "site_limited"],
  ["ERROR: [youtube] x: The uploader has not made this video available in your country", "geo_blocked"],
  [
    "ERROR: [bbc] x: BBC iPlayer TV programmes are not available from your location due to geo restriction",
    "geo_blocked",
  ],
  ["ERROR: [youtube] x: Video unavailable. This video has been removed by the uploader", "video_gone"],
  [
    "ERROR: [youtube] x: Video unavailable. This video is no longer available because the YouTube account associated with this video has been terminated.",
    "video_gone",
  ],
  ["ERROR: [youtube] x: This live event will begin in 3 hours.", "live_stream"],
  ["ERROR: [youtube] x: Premieres in 20 minutes", "live_stream"],
  ["ERROR: [generic] x: there are no formats that can be downloaded from the start.", "live_stream"],
  ["ERROR: [twitch:stream] x: The channel is not currently live", "live_stream"],
  [`ERROR: [somesite] x: Unable to extract player data${report}`, "tool_failed"],
  ["Traceback (most recent call last):\nKeyError: 'x'", "tool_failed"],
  ["", "tool_failed"],
];

describe("classifyFailure", () => {
  test.each(said)("%s", (stderr, code) => {
    const error = classifyFailure({ stderr: `WARNING: [generic] Falling back\n${stderr}\n`, ageDays: 10 });
    expect(error.code).toBe(code);
  });

  test("every answer is a sentence of ours, never what yt-dlp wrote", () => {
    for (const [stderr] of said) {
      const { message, hint } = classifyFailure({ stderr, ageDays: 10 });
      expect(message).toMatch(/^[A-Z][^\n]{10,120}\.$/);
      expect(`${message} ${hint}`).not.toMatch(/yt-dlp\/yt-dlp|original|Errno|caused by|homereel-egress/);
    }
  });

  test("what broke in an extractor is blamed on age only when yt-dlp is old", () => {
    const broken = `ERROR: [somesite] x: Unable to extract player data${report}`;
    expect(classifyFailure({ stderr: broken, ageDays: 91 }).code).toBe("tool_outdated");
    expect(classifyFailure({ stderr: broken, ageDays: 90 }).code).toBe("tool_failed");
    expect(classifyFailure({ stderr: broken, ageDays: null }).code).toBe("tool_failed");
    expect(classifyFailure({ stderr: caused("HTTP Error 404: Not Found"), ageDays: 400 }).code).toBe(
      "video_gone",
    );
    expect([ageMatters(broken), ageMatters(guard("502", "connect_failed")), ageMatters("")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("cookies that were sent and did not help are said to be over", () => {
    const stderr = caused("HTTP Error 401: Unauthorized");
    const without = classifyFailure({ stderr, ageDays: null });
    const withThem = classifyFailure({ stderr, ageDays: null, hadCookies: true });
    expect([without.code, withThem.code]).toEqual(["needs_cookies", "needs_cookies"]);
    expect(withThem.message).toContain("no longer takes the cookies");
    expect(without.message).not.toContain("cookies");
  });

  test("the words of a link or an id do not decide", () => {
    const stderr =
      "ERROR: [generic] livestream-private: Unsupported URL: https://example.com/livestream/private-video";
    expect(classifyFailure({ stderr, ageDays: null }).code).toBe("unsupported_page");
  });

  test("what ffmpeg doesn't say the guard knows", () => {
    const failure = { stderr: "ERROR: ffmpeg exited with code 1", ageDays: null };
    expect(classifyFailure({ ...failure, refused: true }).code).toBe("address_not_allowed");
    expect(classifyFailure({ ...failure, stderr: "ERROR: Unsupported URL", refused: true }).code).toBe(
      "unsupported_page",
    );
  });

  test("a warning alone does not decide", () => {
    const stderr =
      "WARNING: HTTP Error 404: Not Found. Retrying\nERROR: Unsupported URL: https://example.com/";
    expect(classifyFailure({ stderr, ageDays: null }).code).toBe("unsupported_page");
  });
});

test("only what may well pass by itself is tried again", () => {
  expect(errorCodes.filter(isTransient)).toEqual(["site_unreachable", "interrupted"]);
});

test.each([
  ["2026.10.26", 0],
  ["2026.10.26.232905", 0],
  ["2026.10.16", 10],
  ["2025.01.01", 663],
  ["2027.01.01", 0],
  ["unknown", null],
  ["", null],
])("versionAgeDays(%j) is %p", (version, days) => {
  expect(versionAgeDays(version, Date.UTC(2026, 9, 26, 12))).toBe(days);
});
