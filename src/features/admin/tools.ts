import type { Deps } from "../../deps.ts";
import { findTools } from "../../exec/find-tools.ts";
import { judgeVersions } from "../../exec/judge-versions.ts";
import { toolVersions } from "../../exec/tool-versions.ts";
import type { Tools } from "../../exec/tools.ts";
import { versionAgeDays } from "../../exec/ytdlp/errors.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { describeCare } from "../downloads/downloads.ts";
import { countVideosToPicture } from "../videos/videos.ts";
import type { ToolItem, ToolsView } from "./item.ts";

type Needs = Pick<Deps, "config" | "db" | "log" | "now" | "queue" | "releases" | "tools">;

/** The programs as they are now, and what should be done about them. */
export async function lookAtTools(deps: Needs): Promise<ToolsView> {
  const { config, now, tools } = deps;
  // First: a version that was read before an update ended must not be shown as what came of it.
  const care = await describeCare(deps);
  const versions = await toolVersions(tools, dataFolder.work(config.data.dir));
  const verdicts = judgeVersions(versions, tools.jsRuntime, now());
  const { problems } = findTools(config.tools, { dataDir: config.data.dir });
  const describe = (tool: keyof Tools): ToolItem => {
    const problem = problems.find((one) => one.tool === tool)?.message;
    const silence = versions[tool] === null ? "It does not start." : null;
    return { version: versions[tool], warning: problem ?? verdicts[tool] ?? silence };
  };
  const ytDlp = describe("ytDlp");
  const ageDays = ytDlp.version === null ? null : versionAgeDays(ytDlp.version, now());
  return {
    ytDlp: { ...ytDlp, ageDays, ...care },
    ffmpeg: describe("ffmpeg"),
    ffprobe: describe("ffprobe"),
    jsRuntime: { ...describe("jsRuntime"), kind: tools.jsRuntime?.split(":")[0] ?? null },
    pictures: { all: countVideosToPicture(deps, "all"), missing: countVideosToPicture(deps, "missing") },
  };
}
