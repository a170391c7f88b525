import { z } from "@hono/zod-openapi";
import type { User } from "../../db/schema.ts";
import { paths } from "../../paths.ts";
import { isoTime, timeSchema } from "../../web/api.ts";
import type { VideoItem } from "./item.ts";
import { canEdit } from "./videos.ts";

export const videoState = z.enum(["PENDING", "PROCESSING", "READY", "FAILED"]);

const errorSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    retryable: z.boolean().openapi({
      description:
        "Whether starting its download again may help. What was sent has to be sent again, and what is no video stays none.",
    }),
  })
  .nullable();

export const videoSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    description: z.string(),
    state: videoState,
    visibility: z.enum(["library", "private"]),
    owner: z.object({ id: z.string(), name: z.string() }),
    tags: z.array(z.string()),
    duration_seconds: z.number().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    size_bytes: z.int().nullable(),
    mime: z.string().nullable(),
    sha256: z.string().nullable().openapi({ description: "Of the original file, in hex." }),
    video_codec: z.string().nullable(),
    audio_codec: z.string().nullable(),
    unplayable_reason: z
      .string()
      .nullable()
      .openapi({ description: "Why browsers can't play it as it came." }),
    source_url: z.string().nullable(),
    filename: z.string().nullable(),
    thumbnails: z.array(
      z.object({
        n: z.int().openapi({
          description:
            "0 is the picture that somebody chose; 1, 2 and 3 are at 10, 50 and 90 % of its length.",
        }),
        url: z.string(),
      }),
    ),
    poster_url: z.string().nullable().openapi({
      description: "The picture that somebody chose, else the first frame.",
    }),
    thumbnail_error: z
      .string()
      .nullable()
      .openapi({ description: "Why pictures are missing: pages draw one in their place." }),
    stream_url: z.string().nullable(),
    recorded_at: timeSchema.nullable().openapi({ description: "When the camera took it, as the file says." }),
    replacing_since: timeSchema
      .nullable()
      .openapi({ description: "A new file is being made ready; until then the old one plays." }),
    replace_error: z.string().nullable().openapi({
      description: "Why the last new file did not take its place; for those who may change the video.",
    }),
    created_at: timeSchema,
    updated_at: timeSchema,
    error: errorSchema,
  })
  .openapi("Video");

/** By their numbers. */
const pictureNames = ["own", "1", "2", "3"] as const;

export function videoJson(user: User, video: VideoItem): z.infer<typeof videoSchema> {
  const picture = (name: (typeof pictureNames)[number] | "poster") =>
    paths.thumbnail(video.id, name, video.updatedAt);
  const hasOwn = video.thumbnails.includes(0);
  return {
    id: video.id,
    title: video.title,
    description: video.description,
    state: video.state,
    visibility: video.visibility,
    owner: video.owner,
    tags: video.tags,
    duration_seconds: video.durationSeconds,
    width: video.width,
    height: video.height,
    size_bytes: video.sizeBytes,
    mime: video.mime,
    sha256: video.sha256,
    video_codec: video.videoCodec,
    audio_codec: video.audioCodec,
    unplayable_reason: video.unplayableReason,
    source_url: video.sourceUrl,
    filename: video.filename,
    thumbnails: video.thumbnails.map((n) => ({ n, url: picture(pictureNames[n] ?? "2") })),
    poster_url: hasOwn ? picture("own") : video.hasPoster ? picture("poster") : null,
    thumbnail_error: video.thumbnailError,
    stream_url: video.state === "READY" ? paths.stream(video.id) : null,
    recorded_at: video.recordedAt === null ? null : isoTime(video.recordedAt),
    replacing_since: video.replacingSince === null ? null : isoTime(video.replacingSince),
    replace_error: canEdit(user, { ownerId: video.owner.id }) ? video.replaceError : null,
    created_at: isoTime(video.createdAt),
    updated_at: isoTime(video.updatedAt),
    error: video.error,
  };
}
