import { compareVersions } from "../lib/versions.ts";
import type { ToolVersions } from "./tool-versions.ts";
import { staleAfterDays, versionAgeDays } from "./ytdlp/errors.ts";

/** What should be done about the programs that were found, a sentence each; none is good. */
export function judgeVersions(
  versions: ToolVersions,
  jsRuntime: string | null,
  nowMs: number,
): Partial<ToolVersions> {
  return {
    ffmpeg: judgeFfmpeg(versions.ffmpeg),
    ytDlp: judgeYtDlp(versions.ytDlp, nowMs),
    jsRuntime: judgeRuntime(versions.jsRuntime, jsRuntime),
  };
}

/** CVE-2026-8461: code execution by a crafted file; the lines of releases that are mended. */
const mendedFfmpeg = { 7: "7.1.5", 8: "8.0.3" } as const;

function judgeFfmpeg(version: string | null): string | null {
  const [, number = "", major = ""] = /^n?((\d+)[\d.]*)/.exec(version ?? "") ?? [];
  if (number === "") return null;
  const mended = major === "7" ? mendedFfmpeg[7] : mendedFfmpeg[8];
  if (
    compareVersions(number, mended) >= 0 &&
    !(number.startsWith("8.1") && compareVersions(number, "8.1.2") < 0)
  )
    return null;
  return `${version} may have the hole CVE-2026-8461, unless its distributor mended it: prefer 7.1.5, 8.0.3, 8.1.2 or newer.`;
}

function judgeYtDlp(version: string | null, nowMs: number): string | null {
  const age = version === null ? null : versionAgeDays(version, nowMs);
  if (age === null || age <= staleAfterDays) return null;
  return `${version} is ${age} days old, and big sites will refuse it: run "homereel doctor --update".`;
}

function judgeRuntime(version: string | null, runtime: string | null): string | null {
  if (version === null || runtime === null) return null;
  const needed = runtime.startsWith("node") ? "22" : "2.3";
  return compareVersions(version, needed) >= 0
    ? null
    : `${version} is too old for yt-dlp, which needs ${needed} or newer.`;
}
