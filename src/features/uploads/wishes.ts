import { z } from "zod";
import type { Visibility } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { cleanText } from "../../lib/text.ts";
import { parseTags } from "../videos/videos.ts";
import { checkFilename } from "./upload-rules.ts";

/** What is said of a file before its bytes come. */
export interface Wishes {
  filename: string;
  /** Null: made from the file's name. */
  title: string | null;
  tags: string[];
  visibility: Visibility;
  /** When the sender's file was last changed. */
  recordedAt: number | null;
  /** The video whose file it takes the place of. */
  replaces: string | null;
}

/** As text, since headers, queries and forms have nothing else. What is empty is not said. */
const wishesSchema = z.object({
  filename: z.string("Say what the file is called.").transform(checkFilename),
  title: z
    .string()
    .default("")
    .transform((title) => cleanText(title, 300) || null),
  tags: z.string().default("").transform(parseTags),
  visibility: z.enum(["library", "private"], "Choose library or private.").optional(),
  /** Milliseconds since 1970. */
  modified: z
    .string()
    .default("")
    .transform((text) => (/^\d{1,14}$/.test(text) ? Number(text) : null)),
  replaces: z.string().nullable().default(null),
});

export function readWishes(
  { config }: Pick<Deps, "config">,
  fields: Readonly<Record<string, string | null>>,
): Wishes {
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
  const { modified, visibility, ...wishes } = parseInput(wishesSchema, said);
  return { ...wishes, visibility: visibility ?? config.uploads.visibility, recordedAt: modified };
}
