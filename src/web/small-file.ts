import type { Context } from "hono";
import { AppError } from "../lib/errors.ts";
import { formatBytes } from "../lib/bytes.ts";
import type { AppEnv } from "./env.ts";

export interface SmallFile {
  bytes: Uint8Array;
  /** As the sender calls it; hostile text. */
  filename: string;
}

/** Of a form beside its file: boundaries, and the heads of its parts. */
const frameBytes = 64 * 1024;

/**
 * The one file of a request: the field `file` of a multipart form, or the body itself, named by `?filename=`. It is
 * held in memory, so it is for pictures and nothing larger. `too_large` as soon as more is announced or comes than
 * `mostBytes`.
 */
export async function receiveSmallFile(c: Context<AppEnv>, mostBytes: number): Promise<SmallFile> {
  const type = c.req.header("content-type") ?? "";
  if (/^multipart\/form-data\b/i.test(type)) return fileOfForm(c, type, mostBytes);
  if (!/^(image\/|application\/octet-stream\b)/i.test(type)) throw noFile();
  const bytes = await readAtMost(c, mostBytes, mostBytes);
  return { bytes, filename: c.req.query("filename") ?? "" };
}

/** How a call of the JSON API describes the body that this reads; hono itself is not to read it. */
export const pictureBody = {
  required: true,
  content: {
    "multipart/form-data": {
      schema: {
        type: "object" as const,
        required: ["file"],
        properties: { file: { type: "string" as const, contentMediaType: "application/octet-stream" } },
      },
    },
    "image/*": { schema: { type: "string" as const, contentMediaType: "image/*" } },
  },
};

async function fileOfForm(c: Context<AppEnv>, type: string, mostBytes: number): Promise<SmallFile> {
  const body = await readAtMost(c, mostBytes + frameBytes, mostBytes);
  const form = await new Response(body, { headers: { "content-type": type } })
    .formData()
    .catch((cause: unknown) => {
      throw new AppError("invalid_input", "This form can't be read.", { cause });
    });
  const file = form.get("file");
  if (!(file instanceof File)) throw noFile();
  // A form without a chosen file sends one without name and content.
  const filename: string | undefined = file.name;
  if (file.size === 0 && !filename) throw noFile();
  if (file.size > mostBytes) throw tooLarge(mostBytes);
  return { bytes: await file.bytes(), filename: filename ?? "" };
}

async function readAtMost(
  { req }: Context<AppEnv>,
  limit: number,
  told: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(req.header("content-length") ?? 0) > limit) throw tooLarge(told);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of req.raw.body ?? []) {
    size += chunk.length;
    if (size > limit) throw tooLarge(told);
    chunks.push(chunk);
  }
  return new Uint8Array(Bun.concatArrayBuffers(chunks));
}

function noFile(): AppError {
  return new AppError("invalid_input", "Choose a picture.", {
    field: "file",
    hint: "Programs send it as the field “file” of multipart/form-data, or as the body with its own type.",
  });
}

function tooLarge(mostBytes: number): AppError {
  return new AppError("too_large", `The file is larger than ${formatBytes(mostBytes)}.`, {
    field: "file",
    hint: "Make it smaller and send it again.",
  });
}
