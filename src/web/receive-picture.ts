import type { Context } from "hono";
import { formatBytes } from "../lib/bytes.ts";
import { AppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";
import { LocalFile } from "./local-file.ts";
import { bodyLength, receiveBody } from "./receive-body.ts";
import type { Allowance, ReceivingRules } from "./receive-body.ts";
import { frameBytes, isForm, receiveForm } from "./receive-form.ts";
import type { ComingFile, Place } from "./receive-form.ts";

/** Writes the picture of a request to a path as it comes. */
export type ReceivePicture = (path: string) => Promise<{ filename: string }>;

/**
 * The one picture of a request: the field `file` of a form, or the body itself, named by `?filename=`. `filename` is
 * hostile text. `too_large` as soon as more is announced or comes than `images.max_size`.
 */
export function pictureOf(c: Context<AppEnv>): ReceivePicture {
  const { config } = c.get("deps");
  const mostBytes = config.images.max_size;
  const allowance = { mostBytes, exceeded: () => tooLarge(mostBytes) };
  const rules = { server: c.env?.server, bytesPerSecond: config.uploads.min_rate };
  const request = c.req.raw;
  return async (path) => {
    if (isForm(request)) return { filename: await receiveFromForm(request, path, allowance, rules) };
    const type = request.headers.get("content-type") ?? "";
    if (!/^(image\/|application\/octet-stream\b)/i.test(type)) throw noFile();
    await receiveBody(request, path, allowance, rules);
    return { filename: c.req.query("filename") ?? "" };
  };
}

async function receiveFromForm(
  request: Request,
  path: string,
  allowance: Allowance,
  rules: ReceivingRules,
): Promise<string> {
  if ((bodyLength(request) ?? 0) > allowance.mostBytes + frameBytes) throw allowance.exceeded();
  const file = new LocalFile(path);
  let found: string | null = null;
  const place = ({ field, filename }: ComingFile): Place | null => {
    if (field !== "file") return null;
    if (found !== null) throw new AppError("invalid_input", "Send one picture in a request.", { field });
    found = filename;
    const refused = (error: AppError) => {
      throw error;
    };
    return { allowance, take: (chunk) => file.write(chunk), arrived: () => file.close(), refused };
  };
  try {
    await receiveForm(request, rules, place);
  } finally {
    file.close();
  }
  if (found === null) throw noFile();
  return found;
}

const binary = { type: "string", contentMediaType: "application/octet-stream" } as const;

/** How a call of the JSON API describes the body that this reads; hono itself is not to read it. */
export const pictureBody = {
  required: true,
  content: {
    "multipart/form-data": {
      schema: { type: "object" as const, required: ["file"], properties: { file: binary } },
    },
    "image/*": { schema: binary },
  },
};

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
