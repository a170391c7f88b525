import { statfsSync } from "node:fs";
import { loadConfig } from "../config.ts";
import { openDatabase } from "../db/open.ts";
import { findTools } from "../exec/find-tools.ts";
import { toolVersions } from "../exec/tool-versions.ts";
import { dataFolder } from "../lib/data-folder.ts";
import { formatBytes } from "../lib/bytes.ts";
import { readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel doctor [--json] [--config FILE]

Looks at the programs, the database and the disk, and says what is wrong and what to do.
The exit code is 1 where something has to be done.`;

interface Finding {
  what: string;
  ok: boolean;
  says: string;
}

export const doctorCommand: Command = {
  name: "doctor",
  usage: "doctor [--json]",
  summary: "Look for what is wrong",
  async run(args) {
    const { values } = readArgs(args, { json: { type: "boolean" } });
    if (values.help) {
      console.log(help);
      return 0;
    }
    const { config } = loadConfig(process.env, values.config);
    const dataDir = config.data.dir;
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
  const found = Object.entries(versions).map(([what, version]) => {
    const problem = problems.find((one) => one.tool === what);
    return { what, ok: version !== null && !problem, says: problem?.message ?? version ?? "does not start" };
  });
  return found;
}
