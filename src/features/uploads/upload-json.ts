import { z } from "@hono/zod-openapi";
import { isoTime, timeSchema } from "../../web/api.ts";
import { canPassLater } from "../../lib/errors.ts";
import type { UploadItem } from "./item.ts";

export const uploadSchema = z
  .object({
    id: z.string(),
    filename: z.string(),
    size_bytes: z.int(),
    part_bytes: z.int().nullable().openapi({
      description: "Where it goes straight into the bucket, how large its parts are; else null.",
    }),
    offset_bytes: z.int().openapi({
      description: "How much of it is here. Of what goes straight into the bucket, as it was last seen.",
    }),
    state: z.enum(["receiving", "done", "refused"]),
    video_id: z.string().nullable().openapi({ description: "What it became." }),
    replaces: z.string().nullable().openapi({ description: "The video whose file it takes the place of." }),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        hint: z.string(),
        retryable: z
          .boolean()
          .openapi({ description: "Whether the same file may pass when it is sent again." }),
      })
      .nullable(),
    created_at: timeSchema,
    expires_at: timeSchema.openapi({ description: "When it is forgotten; put off by every piece." }),
  })
  .openapi("Upload");

export function uploadJson(upload: UploadItem): z.infer<typeof uploadSchema> {
  return {
    id: upload.id,
    filename: upload.filename,
    size_bytes: upload.sizeBytes,
    part_bytes: upload.partBytes,
    offset_bytes: upload.offsetBytes,
    state: upload.state,
    video_id: upload.videoId,
    replaces: upload.replaces,
    error: upload.error && { ...upload.error, retryable: canPassLater(upload.error.code) },
    created_at: isoTime(upload.createdAt),
    expires_at: isoTime(upload.expiresAt),
  };
}
