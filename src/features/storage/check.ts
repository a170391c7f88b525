import type { StorageName } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { arrivalOf, isOurs } from "../../storage/keys.ts";
import type { StoredObject } from "../../storage/storage.ts";
import { isGivenUp, useOfKey } from "../removals/removals.ts";
import { remakePicturesOf } from "../videos/videos.ts";
import { compareStored } from "./compare.ts";
import { isAwaited, originalOf, storedIn, whatIs } from "./queries.ts";
import type { Named, StoredRow } from "./queries.ts";

/** Bytes that a row names, and that are not as it says. */
export interface Trouble {
  key: string;
  named: Named;
}

export interface StorageReport {
  storage: StorageName;
  /** As their rows say. */
  sound: { files: number; bytes: number };
  /** Rows without bytes. */
  lost: Found<Trouble>;
  /** Of another size than their rows say. */
  damaged: Found<Trouble>;
  /** Bytes without a row. */
  strays: Found<string> & { bytes: number };
  /** The same, but so new that their row may be about to be written. */
  unsettled: number;
  /** Things that Homereel did not put there. */
  foreign: number;
}

interface Found<One> {
  count: number;
  /** The first of them. */
  examples: One[];
}

type Needs = Pick<Deps, "db" | "now" | "storageOf">;

/** Whether anything is in a storage, or will be. */
export function usesStorage({ config, db }: Pick<Deps, "config" | "db">, storage: StorageName): boolean {
  if (config.storage.driver === storage || storage === "disk") return true;
  return config["storage.s3"].bucket !== "" || !storedIn(db, storage).next().done;
}

const mostExamples = 100;
/** How long bytes may be there before their row: uploads and downloads that are being made ready write it last. */
const graceMs = 24 * 3_600_000;

/** Holds what a storage has against what the database says it has, with a page of each in memory. */
export async function checkStorage(deps: Needs, storage: StorageName): Promise<StorageReport> {
  const report: StorageReport = {
    storage,
    sound: { files: 0, bytes: 0 },
    lost: { count: 0, examples: [] },
    damaged: { count: 0, examples: [] },
    strays: { count: 0, examples: [], bytes: 0 },
    unsettled: 0,
    foreign: 0,
  };
  for await (const { what, key, sizeBytes, named } of differences(deps, storage)) {
    if (what === "sound") {
      report.sound.files += 1;
      report.sound.bytes += sizeBytes;
    } else if (what === "unsettled" || what === "foreign") report[what] += 1;
    else if (what === "strays") {
      note(report.strays, key);
      report.strays.bytes += sizeBytes;
    } else if (named) note(report[what], { key, named });
  }
  return report;
}

export interface Mending {
  /** Bytes without a row that were deleted. */
  removed: number;
  /** Videos whose pictures are taken again, and how many of those that are gone they are. */
  pictures: number;
  mended: number;
  /** Why nothing was removed. */
  refused: string | null;
}

/**
 * Does what is safe: deletes bytes that have had no row for a day, and has pictures taken again that are gone. Where most
 * of what is stored has no row, the database is more likely to be the wrong one, and nothing is deleted.
 */
export async function mendStorage(
  deps: Needs & Pick<Deps, "queue">,
  { storage, sound, strays }: StorageReport,
): Promise<Mending> {
  const mayRemove = strays.count <= Math.max(sound.files, fewStrays);
  const mending: Mending = {
    removed: 0,
    pictures: 0,
    mended: 0,
    refused: mayRemove ? null : notThisDatabase,
  };
  const videoIds = new Set<string>();
  const flush = () => {
    remakePicturesOf(deps, [...videoIds]);
    mending.pictures += videoIds.size;
    videoIds.clear();
  };
  for await (const { what, key, named } of differences(deps, storage)) {
    if (what === "strays" && mayRemove) {
      await deps.storageOf(storage).delete(key);
      mending.removed += 1;
    } else if ((what === "lost" || what === "damaged") && named && (await canBeTakenAgain(deps, named))) {
      videoIds.add(named.id);
      mending.mended += 1;
      if (videoIds.size >= mostExamples) flush();
    }
  }
  flush();
  return mending;
}

const fewStrays = 20;
const notThisDatabase =
  "More is stored without a row than with one: this may be the database of another shelf, or an old copy of it.";

interface Difference {
  what: "sound" | "lost" | "damaged" | "strays" | "unsettled" | "foreign";
  key: string;
  sizeBytes: number;
  /** What its row is of. */
  named: Named | null;
}

/** Others write meanwhile: what looks wrong is looked at once more. */
async function* differences(deps: Needs, storage: StorageName): AsyncGenerator<Difference> {
  const { db, storageOf } = deps;
  for await (const { object, row } of compareStored(storageOf(storage).list(""), storedIn(db, storage))) {
    const { key, sizeBytes } = object ?? row;
    if (row === null) yield { what: judgeNameless(deps, storage, object), key, sizeBytes, named: null };
    else if (object?.sizeBytes === row.sizeBytes) yield { what: "sound", key, sizeBytes, named: null };
    else {
      const trouble = await lookAgain(deps, storage, row);
      if (trouble) yield { ...trouble, key, sizeBytes };
    }
  }
}

function judgeNameless({ db, now }: Needs, storage: StorageName, object: StoredObject): Difference["what"] {
  const { key, modifiedAt } = object;
  if (!isOurs(key)) return "foreign";
  const isOld = modifiedAt.getTime() < now() - graceMs;
  const uploadId = arrivalOf(key);
  if (uploadId !== null && isAwaited(db, uploadId)) return "unsettled";
  const mayGo = isOld && useOfKey(db, { storage, key }) === "none" && !isGivenUp({ db }, { storage, key });
  return mayGo ? "strays" : "unsettled";
}

async function lookAgain({ db, storageOf }: Needs, storage: StorageName, row: StoredRow) {
  const object = await storageOf(storage).find(row.key);
  const named = whatIs(db, storage, row.key);
  if (named === null || object?.sizeBytes === row.sizeBytes) return null;
  return { what: object === null ? ("lost" as const) : ("damaged" as const), named };
}

async function canBeTakenAgain({ db, storageOf }: Needs, named: Named): Promise<boolean> {
  const isPicture = named.kind === "thumbnail" || named.kind === "poster";
  if (named.of !== "video" || named.state !== "READY" || !isPicture) return false;
  const original = originalOf(db, named.id);
  return original !== null && (await storageOf(original.storage).find(original.key)) !== null;
}

function note<One>(found: Found<One>, one: One): void {
  found.count += 1;
  if (found.examples.length < mostExamples) found.examples.push(one);
}
