import { join } from "node:path";

/** True in the single binary, whose files live in a file system of their own. */
export const isCompiled = import.meta.dir.startsWith("/$bunfs/");

/**
 * Where the browser's files are: as `scripts/build-assets.ts` wrote them, or where
 * `bun build --compile --asset dist/assets` put them, which keeps only the folder's last name.
 */
export function assetRoot(): string {
  return isCompiled ? "/$bunfs/root/assets" : join(import.meta.dir, "../../dist/assets");
}
