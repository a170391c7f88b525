import type { AuditEvent, Role } from "../../db/schema.ts";

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
  createdAt: number;
  /** Null: never. */
  lastLoginAt: number | null;
}

/** One line of the audit log; `what` is its action in words. */
export interface AuditItem extends AuditEvent {
  what: string;
}

/** How things stand. Sizes in bytes. */
export interface Overview {
  people: number;
  openInvites: number;
  videos: number;
  bytes: number;
  running: number;
  waiting: number;
  /** The newest first. */
  latest: AuditItem[];
}
