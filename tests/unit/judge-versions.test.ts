import { expect, test } from "bun:test";
import { judgeVersions } from "../../src/exec/judge-versions.ts";

const now = Date.UTC(2026, 10, 20);
const good = { ffmpeg: "8.1.2", ffprobe: "8.1.2", ytDlp: "2026.10.26", jsRuntime: "2.9.6" };

test.each([
  ["all current", {}, "deno:/d", {}],
  ["ffmpeg with the hole", { ffmpeg: "5.1.9-0+deb12u1" }, "deno:/d", { ffmpeg: "CVE-2026-8461" }],
  ["ffmpeg 7 without it", { ffmpeg: "7.1.5" }, "deno:/d", {}],
  ["ffmpeg 8.1 with it", { ffmpeg: "8.1.1" }, "deno:/d", { ffmpeg: "CVE" }],
  ["ffmpeg of a nightly build", { ffmpeg: "N-118-gabc" }, "deno:/d", {}],
  ["yt-dlp of last year", { ytDlp: "2025.01.15" }, "deno:/d", { ytDlp: "days old" }],
  ["an old Deno", { jsRuntime: "2.2.9" }, "deno:/d", { jsRuntime: "2.3" }],
  ["an old Node", { jsRuntime: "20.20.2" }, "node:/n", { jsRuntime: "22" }],
  ["a current Node", { jsRuntime: "22.1.0" }, "node:/n", {}],
  ["nothing found", { ffmpeg: null, ytDlp: null, jsRuntime: null }, null, {}],
])("%s", (_, versions, runtime, expected) => {
  const verdicts = judgeVersions({ ...good, ...versions }, runtime, now);
  for (const tool of ["ffmpeg", "ytDlp", "jsRuntime"] as const) {
    const word = (expected as Record<string, string>)[tool];
    if (word === undefined) expect(verdicts[tool]).toBeNull();
    else expect(verdicts[tool]).toContain(word);
  }
});
