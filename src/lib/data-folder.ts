import { join } from "node:path";

/** The rooms of the data folder. */
export const dataFolder = {
  /** Where finished bytes live when the storage is this machine's disk. */
  storage: (dir: string) => join(dir, "storage"),
  /** One folder for each job that is at work; swept at start. */
  work: (dir: string) => join(dir, "work"),
  /** Programs that were updated without a new image. */
  tools: (dir: string) => join(dir, "tools"),
  /** What lets downloads in at sites; never part of a backup, never shown. */
  cookies: (dir: string) => join(dir, "cookies"),
};
