import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { writePrivateFile } from "../lib/private-file.ts";
import { personalFile } from "./saved-login.ts";
import type { LocalFile } from "./upload-send.ts";

const memorySchema = z.record(z.string(), z.string()).catch({});

/** More unfinished uploads than this are nobody's. */
const mostKept = 500;

/** Which upload on which server an unfinished file belongs to, so that the same command goes on with it. */
export function uploadMemory(env: NodeJS.ProcessEnv, serverUrl: string) {
  const path = personalFile(env, "uploads.json");
  // Read each time: another terminal may send something, too.
  const read = () => (existsSync(path) ? memorySchema.parse(parseJson(readFileSync(path, "utf8"))) : {});
  const write = (memory: Record<string, string>) => {
    const kept = Object.fromEntries(Object.entries(memory).slice(-mostKept));
    writePrivateFile(path, Buffer.from(`${JSON.stringify(kept, null, 2)}\n`));
  };
  const keyOf = ({ path, sizeBytes, modified }: LocalFile) =>
    [serverUrl, path, sizeBytes, modified].join(" ");
  return {
    find: (file: LocalFile): string | null => read()[keyOf(file)] ?? null,
    keep: (file: LocalFile, id: string) => write({ ...read(), [keyOf(file)]: id }),
    forget(file: LocalFile) {
      const { [keyOf(file)]: gone, ...rest } = read();
      if (gone !== undefined) write(rest);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
