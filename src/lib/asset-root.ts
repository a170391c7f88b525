import { join } from "node:path";

/** True in the single binary, whose files live in a file system of their own. */
export const isCompiled = import.meta.dir.startsWith("/$bunfs/");

/** The folder that holds `dist/assets`: the project's own, or what `bun build --compile --asset` embedded. */
export function assetRoot(): string {
  return isCompiled ? "/$bunfs/root" : join(import.meta.dir, "../..");
}
