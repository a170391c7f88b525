import { join } from "node:path";

/** True in the single binary, whose files live in a file system of their own. */
export const isCompiled = import.meta.dir.startsWith("/$bunfs/");

/** Where the browser's files are: in the project, or where `scripts/build.ts` embeds them. */
export function assetRoot(): string {
  return join(isCompiled ? "/$bunfs/root" : join(import.meta.dir, "../.."), "dist/assets");
}
