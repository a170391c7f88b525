import { statfsSync } from "node:fs";
import { loadConfig } from "../config.ts";
import { openDatabase } from "../db/open.ts";
import { findTools } from "../exec/find-tools.ts";
import { judgeVersions } from "../exec/judge-versions.ts";
import { toolVersions } from "../exec/tool-versions.ts";
import type { Tools } from "../exec/tools.ts";
import { installYtDlp, rollBackYtDlp } from "../exec/ytdlp-program.ts";
import { dataFolder } from "../lib/data-folder.ts";
import { formatBytes } from "../lib/bytes.ts";
import { CommandFailed, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel doctor [--update | --roll-back] [--json] [--config FILE]

Looks at the programs, the database and the disk, and says what is wrong and what to do.
The exit code is 1 where something has to be done.

--update gets the newest yt-dlp into the data folder, checksum verified; --roll-back returns to the one before.`;

interface Finding {
  what: string;
  ok: boolean;
  says: string;
}

export const doctorCommand: Command = {
  async run(args) {
    const { values } = readArgs(args, {
      json: { type: "boolean" },
      update: { type: "boolean" },
      "roll-back": { type: "boolean" },
    });
    if (values.help) {
      console.log(help);
      return 0;
    }
    const { config } = loadConfig(process.env, values.config);
    const dataDir = config.data.dir;
    if (values.update) console.log(`yt-dlp ${(await installYtDlp({ dataDir })).version} is in use.`);
    if (values["roll-back"]) await rollBack(dataDir);
    const findings = [
      checkDatabase(dataDir),
      checkDisk(dataDir),
      ...(await checkTools(config.tools, dataDir)),
    ];
    if (values.json) console.log(JSON.stringify(findings, null, 2));
    else
      for (const { ok, what, says } of findings) console.log(`${ok ? "ok   " : "WRONG"}  ${what}: ${says}`);
    return findings.every((finding) => finding.ok) ? 0 : 1;
  },
};

function checkDatabase(dataDir: string): Finding {
  const { $client: client } = openDatabase(dataDir);
  try {
    const verdict = client.pragma("quick_check", { simple: true }) as string;
    const version = client.prepare("SELECT sqlite_version()").pluck().get() as string;
    return {
      what: "database",
      ok: verdict === "ok",
      says: verdict === "ok" ? `sound (SQLite ${version})` : verdict,
    };
  } finally {
    client.close();
  }
}

function checkDisk(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  return { what: "disk", ok: free > 1_000_000_000, says: `${formatBytes(free)} free` };
}

async function checkTools(settings: Parameters<typeof findTools>[0], dataDir: string): Promise<Finding[]> {
  const { tools, problems } = findTools(settings, { dataDir });
  const versions = await toolVersions(tools, dataFolder.work(dataDir));
  const verdicts = judgeVersions(versions, tools.jsRuntime, Date.now());
  return names.map(([tool, what]) => {
    const problem = problems.find((one) => one.tool === tool)?.message;
    const version = versions[tool];
    const verdict = verdicts[tool] ?? null;
    // A hole that the distributor may have mended is worth a word and no failure.
    const ok = problem === undefined && version !== null && (verdict === null || tool === "ffmpeg");
    return { what, ok, says: problem ?? verdict ?? version ?? "does not start" };
  });
}

const names: [keyof Tools, string][] = [
  ["ffmpeg", "ffmpeg"],
  ["ffprobe", "ffprobe"],
  ["ytDlp", "yt-dlp"],
  ["jsRuntime", "JavaScript runtime"],
];

async function rollBack(dataDir: string): Promise<void> {
  const older = await rollBackYtDlp({ dataDir });
  if (!older) throw new CommandFailed("There is no older yt-dlp in the data folder to go back to.");
  console.log(`yt-dlp ${older.version} is in use.`);
}
