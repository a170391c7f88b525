import { existsSync } from "node:fs";
import { databasePath } from "../db/open.ts";
import type { Deps } from "../deps.ts";

/** Whether videos can be taken in and played; without yt-dlp the shelf still plays. */
export function readiness({ config, db, tools }: Pick<Deps, "config" | "db" | "tools">) {
  const parts = {
    database: db.$client.open && existsSync(databasePath(config.data.dir)),
    ffmpeg: Bun.which(tools.ffmpeg) !== null,
    ffprobe: Bun.which(tools.ffprobe) !== null,
  };
  const isReady = Object.values(parts).every(Boolean);
  return { status: isReady ? "ready" : "not ready", ...parts, yt_dlp: tools.ytDlp !== null };
}
