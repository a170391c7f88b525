import type { Config } from "../config.ts";
import { migrate } from "../db/migrate.ts";
import { openDatabase } from "../db/open.ts";
import { listRefused } from "../features/uploads/uploads.ts";
import { formatBytes } from "../lib/bytes.ts";
import { printTable } from "./terminal.ts";

type Refused = ReturnType<typeof listRefused>["items"][number];

/** Names all that stays in incoming/ of the bucket, newest first. */
export function showIncoming(config: Config, json: boolean): number {
  const db = openDatabase(config.data.dir);
  migrate(db, config.data.dir);
  const files: Refused[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: ReturnType<typeof listRefused> = listRefused({ config, db }, { limit: 200, cursor });
    files.push(...page.items);
    cursor = page.nextCursor;
  }
  if (json) console.log(JSON.stringify(files.map(facts), null, 2));
  else if (files.length === 0) console.log("Nothing stays in incoming/.");
  else
    printTable([
      ["File", "Size", "There since", "Why"],
      ...files.map(({ key, sizeBytes, since, message, hint }) => {
        const why = [message, hint].filter(Boolean).join(" ");
        return [key, formatBytes(sizeBytes), isoTime(since).slice(0, 16).replace("T", " "), why];
      }),
    ]);
  return 0;
}

function facts({ sizeBytes, since, ...file }: Refused): Record<string, unknown> {
  return { ...file, size_bytes: sizeBytes, since: isoTime(since) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
