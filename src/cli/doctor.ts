import { statfsSync } from "node:fs";
import { loadConfig } from "../config.ts";
import type { Config } from "../config.ts";
import { openDatabase } from "../db/open.ts";
import { findTools } from "../exec/find-tools.ts";
import { judgeVersions } from "../exec/judge-versions.ts";
import { toolVersions } from "../exec/tool-versions.ts";
import type { Tools } from "../exec/tools.ts";
import { installYtDlp, rollBackYtDlp } from "../exec/ytdlp/program.ts";
import { githubReleases } from "../exec/ytdlp/release.ts";
import { dataFolder } from "../lib/data-folder.ts";
import { formatBytes } from "../lib/bytes.ts";
import { checkFiles } from "./doctor-files.ts";
import { printFinding } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { CommandFailed, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel doctor [--fix] [--update | --roll-back] [--json] [--config FILE]

Looks at the programs, the database, the disk, and whether all files are stored, and says what is wrong and what to do.
The exit code is 1 where something has to be done.

--fix deletes stored bytes that have belonged to nothing for a day, and has pictures taken again that are gone. It can be
done while a server runs. What else is gone it only names.

--update gets yt-dlp into the data folder, checksum verified: the newest of [tools] yt_dlp_channel, or the release that
yt_dlp_version names. --roll-back returns to the one before.`;

export const doctorCommand: Command = {
  async run(args, program) {
    const { values } = readArgs(args, {
      fix: { type: "boolean", default: false },
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
    if (values.update) await update(config);
    if (values["roll-back"]) await rollBack(config);
    const database = checkDatabase(dataDir);
    const findings = [
      database,
      checkDisk(dataDir),
      ...(await checkTools(config.tools, dataDir)),
      // Without a sound database nobody knows what should be stored.
      ...(database.ok ? await checkFiles(program, config, values.fix) : []),
    ];
    if (values.json) console.log(JSON.stringify(findings, null, 2));
    else for (const finding of findings) printFinding(finding);
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

async function update({ data, tools }: Config): Promise<void> {
  const places = { dataDir: data.dir, source: githubReleases(tools.yt_dlp_channel) };
  const { version } = await installYtDlp(places, tools.yt_dlp_version || undefined);
  console.log(`yt-dlp ${version} is in use.`);
}

async function rollBack({ data, tools }: Config): Promise<void> {
  if (tools.yt_dlp_version !== "")
    throw new CommandFailed(`[tools] yt_dlp_version stays at ${tools.yt_dlp_version}: change that first.`);
  const older = await rollBackYtDlp({ dataDir: data.dir });
  if (!older) throw new CommandFailed("There is no older yt-dlp in the data folder to go back to.");
  console.log(`yt-dlp ${older.version} is in use.`);
}
