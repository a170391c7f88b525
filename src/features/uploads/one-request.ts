import type { Server } from "bun";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { bodyLength } from "../../web/receive-body.ts";
import type { Allowance, ReceivingRules } from "../../web/receive-body.ts";
import { frameBytes, isForm, receiveForm } from "../../web/receive-form.ts";
import type { ComingFile, Place } from "../../web/receive-form.ts";
import type { VideoItem } from "../videos/item.ts";
import { getVideo, requireReplaceable } from "../videos/videos.ts";
import { allowanceOf, requireMayUpload } from "./limits.ts";
import { OneFile } from "./one-file.ts";
import type { Said } from "./one-file.ts";
import { readWishes } from "./wishes.ts";

type Needs = ConstructorParameters<typeof OneFile>[0];

/** A request that brings files. */
export interface Sending {
  user: User;
  request: Request;
  server?: Server<unknown>;
}

/** Makes a video of the one file of a request, or lets it take the place of the file of `replaces`. */
export async function uploadFile(deps: Needs, sending: Sending, replaces: string | null): Promise<VideoItem> {
  const { user, request } = sending;
  requireMayUpload(user);
  if (replaces !== null) requireReplaceable(deps, user, replaces);
  const allowance = allowanceOf(deps, user);
  const frame = isForm(request) ? frameBytes : 0;
  if ((bodyLength(request) ?? 0) > allowance.mostBytes + frame) throw allowance.exceeded();
  return withFiles(deps, sending, async (open) => {
    const receive = isForm(request) ? fileOfForm : fileOfBody;
    const file = await receive(deps, sending, (said) => open(said, allowance));
    const wishes = { ...readWishes(deps, file.said), replaces };
    return getVideo(deps, user, await file.shelve(wishes));
  });
}

export interface FormResult {
  /** Ids of the new videos. */
  videos: string[];
  refused: { filename: string; error: AppError }[];
}

/** Makes videos of the files of a form, one by one: what one of them is refused for does not stop the others. */
export async function uploadForm(deps: Needs, sending: Sending): Promise<FormResult> {
  const { user, request } = sending;
  requireMayUpload(user);
  if (!isForm(request)) throw noFile();
  return withFiles(deps, sending, async (open) => {
    const arrived: { filename: string; file: OneFile }[] = [];
    const result: FormResult = { videos: [], refused: [] };
    const refuse = (filename: string, error: unknown): null => {
      if (!isAppError(error)) throw error;
      result.refused.push({ filename, error });
      return null;
    };
    const place = ({ filename, fields }: ComingFile): Place | null => {
      try {
        const file = open({ ...fields, filename }, allowanceOf(deps, user));
        return placeOf(file, {
          arrived: () => void arrived.push({ filename, file }),
          refused: (error) => void refuse(filename, error),
        });
      } catch (error) {
        return refuse(filename, error);
      }
    };
    const { title = "", ...after } = await receiveForm(request, rulesFor(deps, sending), place);
    const count = arrived.length + result.refused.length;
    if (count === 0) throw noFile();
    // What is said after all files is meant for all, but for a title: several of them are not called the same.
    const forAll = count === 1 ? { ...after, title } : after;
    for (const { filename, file } of arrived) {
      try {
        const wishes = { ...readWishes(deps, { ...forAll, ...file.said }), replaces: null };
        result.videos.push(await file.shelve(wishes));
      } catch (error) {
        refuse(filename, error);
        await file.close();
      }
    }
    return result;
  });
}

type Open = (said: Said, allowance: Allowance) => OneFile;

/** Of the files that `use` opens nothing stays that is not a video in the end. */
async function withFiles<T>(
  deps: Needs,
  { user, request }: Sending,
  use: (open: Open) => Promise<T>,
): Promise<T> {
  const files: OneFile[] = [];
  const mostBytes = bodyLength(request) ?? Infinity;
  const open: Open = (said, allowance) => {
    readWishes(deps, said);
    const file = new OneFile(deps, user, { said, allowance, mostBytes });
    files.push(file);
    return file;
  };
  try {
    return await use(open);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

/** A refused one is gone at once. */
function placeOf(file: OneFile, hears: { arrived?(): void; refused(error: AppError): void }): Place {
  return {
    allowance: file.allowance,
    take: (chunk) => file.take(chunk),
    async arrived() {
      await file.arrived();
      hears.arrived?.();
    },
    async refused(error) {
      await file.close();
      hears.refused(error);
    },
  };
}

async function fileOfBody(deps: Needs, sending: Sending, open: (said: Said) => OneFile): Promise<OneFile> {
  const { request } = sending;
  const said = Object.fromEntries(new URL(request.url).searchParams);
  const file = open(said);
  await file.takeBody(request, rulesFor(deps, sending));
  return file;
}

async function fileOfForm(deps: Needs, sending: Sending, open: (said: Said) => OneFile): Promise<OneFile> {
  const found: OneFile[] = [];
  const refused = (error: AppError) => {
    throw error;
  };
  await receiveForm(sending.request, rulesFor(deps, sending), ({ field, filename, fields }): Place | null => {
    if (field !== "file") return null;
    if (found.length > 0) throw new AppError("invalid_input", "Send one file in a request.", { field });
    const file = open({ ...fields, filename });
    found.push(file);
    return placeOf(file, { refused });
  });
  const [file] = found;
  if (file) return file;
  throw noFile();
}

function noFile(): AppError {
  return new AppError("invalid_input", "Choose a file.", {
    field: "file",
    hint: "Programs send it as the field “file” of multipart/form-data, or as the body, named by ?filename=.",
  });
}

function rulesFor({ config }: Pick<Deps, "config">, { server }: Sending): ReceivingRules {
  return { server, bytesPerSecond: config.uploads.min_rate };
}
