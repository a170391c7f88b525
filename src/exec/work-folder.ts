import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

/**
 * Gives `use` an empty folder of its own below `root`, readable by us alone, and removes it afterwards
 * however `use` ends. `name` only helps a person who looks at the disk; two at once don't meet.
 */
export async function withWorkFolder<T>(
  root: string,
  name: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${workFolder(root, name)}-`);
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The folder that outlives one attempt, so that the next can resume what lies in it; made where missing. */
export async function keepWorkFolder(root: string, name: string): Promise<string> {
  const folder = workFolder(root, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export async function removeWorkFolder(root: string, name: string): Promise<void> {
  await rm(workFolder(root, name), { recursive: true, force: true, maxRetries: 3 });
}

/** The same where nobody can wait for it. What stays goes with the next start. */
export function dropWorkFolder(root: string, name: string): void {
  removeWorkFolder(root, name).catch(() => {});
}

/** At boot, before any job runs: removes all but the kept folders named in `keep`. Returns what went. */
export async function sweepWorkFolders(root: string, keep: ReadonlySet<string>): Promise<string[]> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const strays = (await readdir(root)).filter((name) => !keep.has(name));
  for (const name of strays) await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 });
  return strays;
}

/** Bytes of all files in it: grows while something is written, so it shows `run` that a child is alive. */
export async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map((file) => sizeOrGone(join(file.parentPath, file.name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Programs rename and remove their temporary files while we look. */
async function sizeOrGone(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.size ?? 0;
}

function workFolder(root: string, name: string): string {
  if (!/^[\w-]{1,100}$/.test(name)) throw new Error(`not a name for a work folder: ${JSON.stringify(name)}`);
  return join(resolve(root), name);
}
