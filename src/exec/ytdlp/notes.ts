import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { writePrivateFile } from "../../lib/private-file.ts";

const notesSchema = z.object({
  /** The version that was in use before this one: where a roll-back leads. */
  before: z.string().nullable().default(null),
  /** What somebody went back from: no update by itself brings it again, or an older one. */
  leftBehind: z.string().nullable().default(null),
  /** The newest release of a channel, when it was last asked for. */
  newest: z.object({ channel: z.string(), version: z.string(), at: z.number() }).nullable().default(null),
  /** How the last update or roll-back that somebody asked for ended. */
  last: z
    .object({ at: z.number(), ok: z.boolean(), says: z.string(), hint: z.string() })
    .nullable()
    .default(null),
});

/** What is known of yt-dlp's versions beside the folders that they are in. */
export type Notes = z.infer<typeof notesSchema>;

/** Empty ones where there are none, or where nobody can read them any more. */
export function readNotes(places: { dataDir: string }): Notes {
  try {
    return notesSchema.parse(JSON.parse(readFileSync(fileOf(places), "utf8")));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isMissing || error instanceof SyntaxError || error instanceof z.ZodError)
      return notesSchema.parse({});
    throw error;
  }
}

export function writeNotes(places: { dataDir: string }, change: Partial<Notes>): void {
  const notes = { ...readNotes(places), ...change };
  mkdirSync(dirname(fileOf(places)), { recursive: true });
  writePrivateFile(fileOf(places), new TextEncoder().encode(`${JSON.stringify(notes, null, 2)}\n`));
}

function fileOf({ dataDir }: { dataDir: string }): string {
  return join(resolve(dataDir), "tools/yt-dlp/notes.json");
}
