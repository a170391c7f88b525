import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Deps } from "../../deps.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { ignore, syncPath } from "../../storage/durable-write.ts";

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
  const coming = statSync(join(workRoot(deps), id, receivedName), { throwIfNoEntry: false });
  if (coming) return coming.size;
  const name = arrivedName(deps, id);
  return name === null ? 0 : statSync(join(workRoot(deps), id, name)).size;
}

/**
 * What comes from `offset` on is to be checked, and until then is not to be relied on: written down beside it, since
 * whoever checks it may be killed first. Forget it with `relyOnArrived`.
 */
export function distrustFrom(deps: Needs, id: string, offset: number): void {
  writeFileSync(distrustPath(deps, id), String(offset), { mode: 0o600 });
}

export function relyOnArrived(deps: Needs, id: string): void {
  rmSync(distrustPath(deps, id), { force: true });
}

/** Takes away again what was never checked; by who has the upload for themselves. */
export function dropDistrusted(deps: Needs, id: string): void {
  const offset = distrustedFrom(deps, id);
  if (offset === null) return;
  const path = join(workRoot(deps), id, receivedName);
  if (existsSync(path) && statSync(path).size > offset) truncateSync(path, offset);
  relyOnArrived(deps, id);
}

/** Where what was never checked begins; null where there is nothing of that kind. */
export function distrustedFrom(deps: Needs, id: string): number | null {
  const note = distrustPath(deps, id);
  // A note that is empty was not finished, and so nothing came after it.
  return existsSync(note) ? Number(readFileSync(note, "utf8") || Infinity) : null;
}

const flushEveryBytes = 32_000_000;
const flushes = new Map<string, Promise<unknown>>();

/**
 * Flushes what has arrived now and then, while its sender goes on: at the end little is left to wait for. Throws what the
 * disk said of the flush before, which it says only once; nothing of that upload is relied on then.
 */
export async function flushSome(
  deps: Needs,
  { id, sizeBytes }: { id: string; sizeBytes: number },
  before: number,
  now: number,
): Promise<void> {
  const isWhole = now === sizeBytes;
  if (!isWhole && Math.floor(before / flushEveryBytes) === Math.floor(now / flushEveryBytes)) return;
  try {
    await flushes.get(id);
  } catch (error) {
    flushes.delete(id);
    distrustFrom(deps, id, 0);
    throw error;
  }
  // Who judges it flushes the rest.
  if (isWhole) return;
  // It may have been cancelled meanwhile.
  const flushing = syncPath(join(workRoot(deps), id, receivedName)).catch(ignore("ENOENT"));
  flushes.set(id, flushing);
  const forget = () => {
    if (flushes.get(id) === flushing) flushes.delete(id);
  };
  flushing.then(forget, () => {});
}

function distrustPath(deps: Needs, id: string): string {
  return join(workRoot(deps), id, "unchecked-from");
}
