import type { RefusedItem } from "../uploads/item.ts";
import type { AuditEvent, Role, StorageName } from "../../db/schema.ts";

/** One person as those see them who look after people. Times are milliseconds since 1970 UTC. */
export interface PersonItem {
  id: string;
  name: string;
  email: string;
  role: Role;
  disabled: boolean;
  /** Without one, nobody logs in with a password until one is set. */
  hasPassword: boolean;
  /** How many are theirs, those that are not ready yet too. */
  videos: number;
  /** Those that they sent. */
  pictures: number;
  /** For all of it. Null: as configured for everybody; 0: no limit. */
  quotaBytes: number | null;
  createdAt: number;
  /** Null: never. */
  lastLoginAt: number | null;
}

/** One line of the audit log; `what` is its action in words. */
export interface AuditItem extends AuditEvent {
  what: string;
}

/** A program; `version` is null where it is missing or does not start. */
export interface ToolItem {
  version: string | null;
  /** What should be done about it, in a sentence; null is good. */
  warning: string | null;
}

export interface YtDlpItem extends ToolItem {
  ageDays: number | null;
  /** Where it is from: got by Homereel, found on the system, named in the configuration; null where there is none. */
  from: "data folder" | "system" | "setting" | null;
  channel: "stable" | "nightly";
  updates: "when-old" | "daily" | "never";
  /** The release that the configuration stays at. */
  pin: string | null;
  /** Of the channel, when it was last asked for. */
  newest: { version: string; at: number } | null;
  /** Where a roll-back leads; null where it can't. */
  before: string | null;
  canUpdate: boolean;
  /** Somebody asked for it, and it is under way. */
  isUpdating: boolean;
  /** How the last one ended that somebody asked for. */
  last: { at: number; ok: boolean; says: string; hint: string } | null;
}

export interface ToolsView {
  ytDlp: YtDlpItem;
  ffmpeg: ToolItem;
  ffprobe: ToolItem;
  /** Null kind: there is none. */
  jsRuntime: ToolItem & { kind: string | null };
  /** How many videos are ready, and how many lack a picture. */
  pictures: { all: number; missing: number };
}

/** Whether files can be read and written. */
export interface StorageItem {
  driver: StorageName;
  bucket: string | null;
  latencyMs: number | null;
  problem: { message: string; hint: string } | null;
  /** Of the last two hours, the oldest first; null where there was no answer. */
  latencies: (number | null)[];
}

/** How things stand. Sizes in bytes. */
export interface Overview {
  people: number;
  openInvites: number;
  videos: number;
  bytes: number;
  running: number;
  waiting: number;
  storage: StorageItem;
  /** What stays in incoming/ of the bucket: the newest of it, and how much there is. */
  refused: { items: RefusedItem[]; total: number };
  /** The newest first. */
  latest: AuditItem[];
}
