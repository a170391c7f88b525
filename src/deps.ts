import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { Database } from "./db/open.ts";
import type { StorageName } from "./db/schema.ts";
import type { Egress } from "./egress/egress.ts";
import type { Events } from "./events/events.ts";
import type { Tools } from "./exec/tools.ts";
import type { Channel, ReleaseSource } from "./exec/ytdlp/release.ts";
import type { OneTimeToken } from "./lib/one-time-token.ts";
import type { Mailer } from "./mail/mailer.ts";
import type { From } from "./web/client-address.ts";
import type { Limits } from "./web/limits.ts";
import type { SessionTokens } from "./web/session-token.ts";
import type { Queue } from "./queue/job.ts";
import type { StorageHealth } from "./storage/health.ts";
import type { Incoming } from "./storage/incoming.ts";
import type { SignedUrls } from "./storage/signed-url.ts";
import type { Arrivals } from "./storage/arrivals.ts";
import type { Storage } from "./storage/storage.ts";

/** Everything that verbs may ask for; each names what it needs with `Pick<Deps, …>`. */
export interface Deps {
  config: Config;
  db: Database;
  /** Where new bytes go. */
  storage: Storage;
  /** Where the bytes of an existing row are. */
  storageOf(name: StorageName): Storage;
  /** Whether files can be read and written. */
  storageHealth: StorageHealth;
  /** What others put into the bucket to be taken; null where new files go to the disk. */
  incoming: Incoming | null;
  /** What browsers send straight into the bucket; null where none is named. */
  arrivals: Arrivals | null;
  /** Addresses of ours that are good for a while, as a bucket has them. */
  signedUrls: SignedUrls;
  queue: Queue;
  events: Events;
  /** The programs: ffmpeg, ffprobe, yt-dlp. */
  tools: Tools;
  /** Where new releases of yt-dlp come from. */
  releases(channel: Channel): ReleaseSource;
  /** The guarded way out, through which every fetched byte goes. */
  egress: Egress;
  sessions: SessionTokens;
  setupToken: OneTimeToken;
  limits: Limits;
  mailer: Mailer;
  /** Who asked for what is being done; nobody for jobs. */
  from: From;
  log: Logger;
  /** Milliseconds since 1970 UTC. */
  now(): number;
}
