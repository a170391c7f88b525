import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Deps } from "../../deps.ts";
import { dataFolder } from "../../lib/data-folder.ts";

type Needs = Pick<Deps, "config">;

/** While bytes come in they are called so; when it is known what they are, `original.<extension>`. */
export const receivedName = "received";

export function workRoot({ config }: Needs): string {
  return dataFolder.work(config.data.dir);
}

/** The name of what has arrived of an upload, in its work folder; null where nothing has. */
export function arrivedName(deps: Needs, id: string): string | null {
  const folder = join(workRoot(deps), id);
  if (!existsSync(folder)) return null;
  // A crash may have come between the new name and the word that it has it.
  return readdirSync(folder).find((name) => name === receivedName || /^original\.\w+$/.test(name)) ?? null;
}

/** How much has arrived: the file itself is the only one to know. */
export function arrivedBytes(deps: Needs, id: string): number {
  const name = arrivedName(deps, id);
  return name === null ? 0 : statSync(join(workRoot(deps), id, name)).size;
}
