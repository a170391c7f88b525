import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { DownloadOptions } from "../lib/download-options.ts";
import type { Lane } from "../lib/lanes.ts";
import type { Role, Scope } from "../lib/permissions.ts";
import type { SpeedModel } from "../lib/speed.ts";

/**
 * Every table, once. The SQL that makes them is in `migrations/`; `tests/unit/schema.test.ts` holds
 * the two against each other. Times are milliseconds since 1970 UTC; `seq` numbers rows in the order
 * they came, so newest-first pages are walked by it.
 */

export type { Role, Scope } from "../lib/permissions.ts";
export type Visibility = "library" | "private";
export type VideoState = "PENDING" | "PROCESSING" | "READY" | "FAILED";
export type DownloadState =
  | "waiting"
  | "probing"
  | "fetching"
  | "ingesting"
  | "done"
  | "failed"
  | "cancelled";
export type JobState = "ready" | "running" | "done" | "failed" | "cancelled";
export type StorageName = "disk" | "s3";
/** `original` as it arrived; `playable` the remuxed copy that browsers can play, where one is needed. */
export type FileKind = "original" | "playable" | "thumbnail" | "poster";

/** `receiving` bytes; then it is a video, or the file was none and says why. */
/** `taken`: it is a video, if not READY yet, and goes when it is. `refused` stays where it is. */
export type IncomingState = "waiting" | "taken" | "refused";
export type UploadState = "receiving" | "done" | "refused";

/**
 * How the bytes of an upload come: to the disk, through us into the bucket, so too but in one request that nobody goes on
 * with, or straight from the browser to there.
 */
export type UploadWay = "disk" | "through" | "once" | "direct";

export type MoveState = "running" | "stopped" | "done";

export type LinkKind = "invite" | "reset" | "email";

export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    email: text("email").notNull(),
    name: text("name").notNull(),
    role: text("role").$type<Role>().notNull(),
    passwordHash: text("password_hash").notNull(),
    /** Part of every session token: raising it ends all sessions of the person at once. */
    sessionVersion: integer("session_version").notNull().default(1),
    disabledAt: integer("disabled_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    lastLoginAt: integer("last_login_at"),
    /** Of all their files. Null: as configured for everybody; 0: no limit. */
    quotaBytes: integer("quota_bytes"),
  },
  (table) => [uniqueIndex("users_email").on(table.email)],
);

/** Logins that go on. The token that a browser holds names its row: without the row it is worth nothing. */
export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** "Firefox on Windows": what the browser says of itself, in words. */
    device: text("device").notNull(),
    address: text("address").notNull(),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("sessions_user").on(table.userId, table.lastUsedAt)],
);

/** For programs. The token itself is shown once and not kept. */
export const apiTokens = sqliteTable(
  "api_tokens",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    tokenHash: text("token_hash").notNull(),
    scopes: text("scopes", { mode: "json" }).$type<Scope[]>().notNull(),
    createdAt: integer("created_at").notNull(),
    /** Null: never. */
    expiresAt: integer("expires_at"),
    lastUsedAt: integer("last_used_at"),
  },
  (table) => [
    uniqueIndex("api_tokens_hash").on(table.tokenHash),
    index("api_tokens_user").on(table.userId, table.createdAt),
  ],
);

/**
 * Links that work once: an invitation, a new password, a new e-mail address. The secret of one that is mailed is
 * made when it is sent: until then there is no hash.
 */
export const accountLinks = sqliteTable(
  "account_links",
  {
    id: text("id").primaryKey(),
    kind: text("kind").$type<LinkKind>().notNull(),
    tokenHash: text("token_hash"),
    /** Whose password or address it changes; null for invitations. */
    userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
    /** Whom an invitation is for, where it is for one address; the new address of `email`. */
    email: text("email"),
    /** What an invited person becomes. */
    role: text("role").$type<Role>(),
    createdBy: text("created_by").references(() => users.id, { onDelete: "cascade" }),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    usedAt: integer("used_at"),
  },
  (table) => [
    uniqueIndex("account_links_hash").on(table.tokenHash),
    index("account_links_user").on(table.userId, table.kind),
    index("account_links_kind").on(table.kind, table.createdAt),
  ],
);

/** Who did what to accounts and what is on the shelf, and from where. Names as they were then. */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    at: integer("at").notNull(),
    action: text("action").notNull(),
    actorId: text("actor_id"),
    actorName: text("actor_name").notNull().default(""),
    subjectKind: text("subject_kind"),
    subjectId: text("subject_id"),
    subjectName: text("subject_name").notNull().default(""),
    address: text("address").notNull().default(""),
    detail: text("detail").notNull().default(""),
  },
  (table) => [
    index("audit_events_at").on(table.at),
    index("audit_events_action").on(table.action, table.seq),
    index("audit_events_actor").on(table.actorId, table.seq),
    index("audit_events_subject").on(table.subjectId, table.seq),
  ],
);

export const videos = sqliteTable(
  "videos",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    ownerId: text("owner_id")
      .notNull()
      .references(() => users.id),
    title: text("title").notNull(),
    description: text("description").notNull().default(""),
    state: text("state").$type<VideoState>().notNull(),
    visibility: text("visibility").$type<Visibility>().notNull().default("library"),
    /** Where it came from; null for uploads. */
    sourceUrl: text("source_url"),
    /** Display name of the site, e.g. "example.org" or "YouTube". */
    sourceSite: text("source_site"),
    /** The file's name as a person would see it; never used as a path. */
    filename: text("filename"),
    /** Of the file that the player gets. */
    mime: text("mime"),
    sizeBytes: integer("size_bytes"),
    /** Of the original, hex. */
    sha256: text("sha256"),
    durationSeconds: real("duration_seconds"),
    width: integer("width"),
    height: integer("height"),
    videoCodec: text("video_codec"),
    audioCodec: text("audio_codec"),
    /** Why browsers can't play it, as it came: it can be downloaded. */
    unplayableReason: text("unplayable_reason"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    errorHint: text("error_hint"),
    /** Set where no picture could be taken: the gallery draws a placeholder. */
    thumbnailError: text("thumbnail_error"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** Which of yt-dlp's extractors brought it, and the site's own id of it: by these it is known again. */
    extractor: text("extractor"),
    siteVideoId: text("site_video_id"),
    /** When the camera took it, as the file says. */
    recordedAt: integer("recorded_at"),
    /** A new file is being made ready to take the place of the one that plays. */
    replacingSince: integer("replacing_since"),
    /** Why the last new file did not take its place: a sentence. */
    replaceError: text("replace_error"),
  },
  (table) => [
    index("videos_sha256").on(table.sha256),
    index("videos_filename").on(table.filename, table.sizeBytes),
    index("videos_origin").on(table.extractor, table.siteVideoId),
    index("videos_source").on(table.sourceUrl),
    uniqueIndex("videos_id").on(table.id),
    index("videos_owner").on(table.ownerId, table.seq),
    index("videos_state").on(table.state, table.seq),
    index("videos_private").on(table.ownerId),
  ],
);

export const files = sqliteTable(
  "files",
  {
    videoId: text("video_id")
      .notNull()
      .references(() => videos.id, { onDelete: "cascade" }),
    kind: text("kind").$type<FileKind>().notNull(),
    /** 1, 2, 3 for thumbnails, 0 for the rest. */
    n: integer("n").notNull().default(0),
    storage: text("storage").$type<StorageName>().notNull(),
    key: text("key").notNull(),
    mime: text("mime").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    /** Hex; also the strong ETag. */
    sha256: text("sha256").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.videoId, table.kind, table.n] }),
    uniqueIndex("files_key").on(table.storage, table.key),
  ],
);

/** A file that somebody sends, in pieces or at once. Its bytes are in the work folder of its id until it is a video. */
export const uploads = sqliteTable(
  "uploads",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    state: text("state").$type<UploadState>().notNull(),
    /** As the sender calls it; never used as a path. */
    filename: text("filename").notNull(),
    /** What was announced, or of one request what has come; how much of it is here, the file itself says. */
    sizeBytes: integer("size_bytes").notNull(),
    way: text("way").$type<UploadWay>().notNull().default("disk"),
    /** The bucket's name for what it has of one that goes there; null where nothing was begun there. */
    multipartId: text("multipart_id"),
    /** Of all parts of such a one but the last. */
    partBytes: integer("part_bytes"),
    /** What the bucket was last seen to have of such a one. */
    storedBytes: integer("stored_bytes").notNull().default(0),
    /** All that the sender said of it, to be said back (tus.io/protocols/resumable-upload, "Upload-Metadata"). */
    metadata: text("metadata", { mode: "json" })
      .$type<Record<string, string | null>>()
      .notNull()
      .default(sql`'{}'`),
    /** Null: made from the file's name. */
    title: text("title"),
    tags: text("tags", { mode: "json" })
      .$type<string[]>()
      .notNull()
      .default(sql`'[]'`),
    visibility: text("visibility").$type<Visibility>().notNull(),
    /** When the sender's file was last changed: taken where the file itself does not say when it was recorded. */
    recordedAt: integer("recorded_at"),
    /** Whose file it takes the place of; null for a video of its own. */
    replacesVideoId: text("replaces_video_id").references(() => videos.id, { onDelete: "cascade" }),
    /** What it became. */
    videoId: text("video_id").references(() => videos.id, { onDelete: "set null" }),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    errorHint: text("error_hint"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** When bytes and row are cleared away; put off by every piece that arrives. */
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    uniqueIndex("uploads_id").on(table.id),
    index("uploads_user").on(table.userId, table.seq),
    index("uploads_expiry").on(table.expiresAt),
    index("uploads_replaces").on(table.replacesVideoId),
    index("uploads_video").on(table.videoId),
  ],
);

/** What is below `incoming/` in the bucket, each time that something was put there. */
export const incomingObjects = sqliteTable(
  "incoming_objects",
  {
    /** Also of the work folder that its bytes are fetched to. */
    id: text("id").primaryKey(),
    key: text("key").notNull(),
    etag: text("etag").notNull(),
    modifiedAt: integer("modified_at").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    state: text("state").$type<IncomingState>().notNull(),
    videoId: text("video_id").references(() => videos.id, { onDelete: "set null" }),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    errorHint: text("error_hint"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("incoming_objects_object").on(table.key, table.etag, table.modifiedAt),
    index("incoming_objects_state").on(table.state),
    index("incoming_objects_video").on(table.videoId),
  ],
);

export const images = sqliteTable(
  "images",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    ownerId: text("owner_id")
      .notNull()
      .references(() => users.id),
    /** As the sender calls it; never used as a path. */
    filename: text("filename").notNull(),
    /** Of what is kept, not of what was sent. */
    mime: text("mime").notNull(),
    width: integer("width").notNull(),
    height: integer("height").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    /** Of what was sent, hex: the same file again is known by it. */
    sha256: text("sha256").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [uniqueIndex("images_id").on(table.id), index("images_owner").on(table.ownerId, table.seq)],
);

/** What was made of an image, one for each width that pages ask for. */
export const imageFiles = sqliteTable(
  "image_files",
  {
    imageId: text("image_id")
      .notNull()
      .references(() => images.id, { onDelete: "cascade" }),
    /** In pixels; 0 for the image itself. */
    width: integer("width").notNull(),
    storage: text("storage").$type<StorageName>().notNull(),
    key: text("key").notNull(),
    mime: text("mime").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    /** Hex; also the strong ETag. */
    sha256: text("sha256").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.imageId, table.width] }),
    uniqueIndex("image_files_key").on(table.storage, table.key),
  ],
);

/** All tables whose rows say that bytes are stored, and where: what has no row in any of them is needed by nobody. */
export const storedTables = [files, imageFiles] as const;

/** Bytes that no row needs any more: written with the deletion, unlinked after the commit. */
export const fileRemovals = sqliteTable(
  "file_removals",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    storage: text("storage").$type<StorageName>().notNull(),
    key: text("key").notNull(),
    createdAt: integer("created_at").notNull(),
    /** Till then they stay: addresses of what moved to another storage are still about. */
    notBefore: integer("not_before").notNull().default(0),
  },
  (table) => [
    index("file_removals_due").on(table.notBefore),
    index("file_removals_key").on(table.storage, table.key),
  ],
);

/** Moves of everything that is stored to another storage, the newest last. */
export const storageMoves = sqliteTable("storage_moves", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  target: text("target").$type<StorageName>().notNull(),
  state: text("state").$type<MoveState>().notNull(),
  filesMoved: integer("files_moved").notNull().default(0),
  bytesMoved: integer("bytes_moved").notNull().default(0),
  /** They stay where they are, and go on working from there. */
  filesFailed: integer("files_failed").notNull().default(0),
  /** Why the last of them did not move: a sentence. */
  lastFailure: text("last_failure"),
  startedAt: integer("started_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
  finishedAt: integer("finished_at"),
});

export const tags = sqliteTable(
  "tags",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    /** Lower case, without the leading "#". */
    name: text("name").notNull(),
  },
  (table) => [uniqueIndex("tags_name").on(table.name)],
);

export const videoTags = sqliteTable(
  "video_tags",
  {
    videoId: text("video_id")
      .notNull()
      .references(() => videos.id, { onDelete: "cascade" }),
    tagId: integer("tag_id")
      .notNull()
      .references(() => tags.id, { onDelete: "cascade" }),
  },
  (table) => [
    primaryKey({ columns: [table.videoId, table.tagId] }),
    index("video_tags_tag").on(table.tagId, table.videoId),
  ],
);

export const downloads = sqliteTable(
  "downloads",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** The playlist that brought it. */
    parentId: text("parent_id"),
    /** Null for a playlist, which has children instead. */
    videoId: text("video_id").references(() => videos.id, { onDelete: "cascade" }),
    url: text("url").notNull(),
    /** As given with the form or by the site; null until it is known. */
    title: text("title"),
    /** True where the title was given with the form: the site's is not taken. */
    titleGiven: integer("title_given", { mode: "boolean" }).notNull().default(false),
    state: text("state").$type<DownloadState>().notNull(),
    lane: text("lane").$type<Lane>().notNull(),
    /** Why that lane: a sentence for people. */
    laneReason: text("lane_reason").notNull().default(""),
    /** What the site's bytes and the time they took tell of this machine's throughput. */
    fetchedBytes: integer("fetched_bytes"),
    fetchMs: integer("fetch_ms"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    errorHint: text("error_hint"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    finishedAt: integer("finished_at"),
    /** What was chosen of it: see `lib/download-options.ts`. */
    options: text("options", { mode: "json" })
      .$type<DownloadOptions>()
      .notNull()
      .default(sql`'{}'`),
    /** The host that it comes from, without "www.": downloads of a site wait for each other. */
    site: text("site").notNull().default(""),
    /** Higher first, among one person's. */
    priority: integer("priority").notNull().default(0),
    /** The long lane by hand, whatever is estimated. */
    forceLong: integer("force_long", { mode: "boolean" }).notNull().default(false),
    /** While it is set it waits, with what is there of its file. */
    pausedAt: integer("paused_at"),
    /** Which videos of a playlist are wanted, as "1-20,33"; null leaves it to the link itself. */
    items: text("items"),
    estimatedBytes: integer("estimated_bytes"),
    estimatedSeconds: real("estimated_seconds"),
    /** Of a cancelled one: what its video was to be, for when it is started again. */
    wishes: text("wishes", { mode: "json" }).$type<{ tags: string[]; visibility: Visibility }>(),
  },
  (table) => [
    uniqueIndex("downloads_id").on(table.id),
    index("downloads_paused").on(table.userId),
    index("downloads_user").on(table.userId, table.seq),
    index("downloads_state").on(table.state, table.seq),
    index("downloads_user_state").on(table.userId, table.state, table.seq),
    index("downloads_video").on(table.videoId),
    index("downloads_parent").on(table.parentId),
  ],
);

export const jobs = sqliteTable(
  "jobs",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    lane: text("lane").$type<Lane>().notNull(),
    state: text("state").$type<JobState>().notNull(),
    payload: text("payload").notNull(),
    /** One unfinished job per name and key; one that is being cancelled holds its key no longer. */
    uniqueKey: text("unique_key"),
    /** Whose turn it is: claims go round between users. Null is the house itself. */
    userId: text("user_id"),
    /** Higher first. */
    priority: integer("priority").notNull().default(0),
    /** The claim that took it last, counted up; who was served longest ago goes first. No clock is trusted with this. */
    turn: integer("turn"),
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    deadlineMs: integer("deadline_ms").notNull(),
    /** Wall time before which it is not claimed. */
    runAt: integer("run_at").notNull(),
    /** Fencing token of the present owner; null unless running. */
    leaseToken: text("lease_token"),
    /** On the monotonic clock of the process that runs it, not wall time. */
    leaseExpiresAt: integer("lease_expires_at"),
    cancelRequested: integer("cancel_requested", { mode: "boolean" }).notNull().default(false),
    lastError: text("last_error"),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    finishedAt: integer("finished_at"),
    /** Jobs of a group may have to wait for each other: the site that they ask. */
    groupKey: text("group_key"),
    /** Set aside by somebody: it is not claimed, and keeps its place. */
    held: integer("held", { mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    index("jobs_ready").on(
      table.lane,
      table.userId,
      table.priority,
      table.runAt,
      table.id,
      table.held,
      table.groupKey,
    ),
    index("jobs_running").on(table.lane, table.userId),
    index("jobs_stopping").on(table.name, table.uniqueKey),
    index("jobs_turn").on(table.lane, table.userId, table.turn),
    uniqueIndex("jobs_unique").on(table.name, table.uniqueKey),
    index("jobs_finished").on(table.state, table.finishedAt),
  ],
);

/** What yt-dlp said, for the person whose download it is: bounded, without secrets. */
export const downloadLogs = sqliteTable("download_logs", {
  downloadId: text("download_id")
    .primaryKey()
    .references(() => downloads.id, { onDelete: "cascade" }),
  text: text("text").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

/** A named choice of how to download; one of each person's is taken unless they say otherwise. */
export const downloadProfiles = sqliteTable(
  "download_profiles",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    options: text("options", { mode: "json" }).$type<DownloadOptions>().notNull(),
    isDefault: integer("is_default", { mode: "boolean" }).notNull().default(false),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("download_profiles_name").on(table.userId, table.name),
    uniqueIndex("download_profiles_default").on(table.userId),
  ],
);

/** What was learnt of a site: how fast it is, and until when it is better left alone. */
export const sites = sqliteTable("sites", {
  site: text("site").primaryKey(),
  /** What its last downloads took: see `lib/speed.ts`. */
  speed: text("speed", { mode: "json" }).$type<SpeedModel>(),
  coolDownUntil: integer("cool_down_until"),
  coolDownReason: text("cool_down_reason"),
  /** Cool-downs in a row; each is longer than the one before. */
  strikes: integer("strikes").notNull().default(0),
  /** When a download of it was begun last; kept where they are to keep their distance. */
  lastStartAt: integer("last_start_at"),
  updatedAt: integer("updated_at").notNull(),
});

/** That there are cookies for a site; they themselves are in the data folder, and are never shown again. */
export const cookieJars = sqliteTable("cookie_jars", {
  site: text("site").primaryKey(),
  /** The name of who added them, as it was then. */
  addedBy: text("added_by").notNull(),
  addedAt: integer("added_at").notNull(),
  /** When the first of those that matter expires. */
  expiresAt: integer("expires_at"),
  testedAt: integer("tested_at"),
  testError: text("test_error"),
});

/** What admins switched while it runs, e.g. the pause of all downloads. */
export const switches = sqliteTable("switches", {
  name: text("name").primaryKey(),
  value: text("value").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export type User = typeof users.$inferSelect;
export type Session = typeof sessions.$inferSelect;
export type ApiToken = typeof apiTokens.$inferSelect;
export type AccountLink = typeof accountLinks.$inferSelect;
export type AuditEvent = typeof auditEvents.$inferSelect;
export type DownloadProfile = typeof downloadProfiles.$inferSelect;
export type DownloadLog = typeof downloadLogs.$inferSelect;
export type Site = typeof sites.$inferSelect;
export type CookieJar = typeof cookieJars.$inferSelect;
export type Video = typeof videos.$inferSelect;
export type StoredFile = typeof files.$inferSelect;
export type Download = typeof downloads.$inferSelect;
export type StorageMove = typeof storageMoves.$inferSelect;
export type Job = typeof jobs.$inferSelect;
