import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "bun";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { removeWorkFolder } from "../../exec/work-folder.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { bodyLength, receiveBody } from "../../web/receive-body.ts";
import type { Allowance, ReceivingRules } from "../../web/receive-body.ts";
import { frameBytes, isForm, receiveForm } from "../../web/receive-form.ts";
import type { ComingFile, Place } from "../../web/receive-form.ts";
import { requireQuota } from "../space/space.ts";
import type { VideoItem } from "../videos/item.ts";
import { getVideo, requireReplaceable } from "../videos/videos.ts";
import { receivedName, workRoot } from "./arrived.ts";
import { allowanceOf, requireMayUpload } from "./limits.ts";
import { oneThrough } from "./through/one-through.ts";
import { judge, shelve } from "./shelve.ts";
import { emptyFile } from "./uploads.ts";
import { readWishes } from "./wishes.ts";
import type { Wishes } from "./wishes.ts";

type Needs = Pick<
  Deps,
  "arrivals" | "config" | "db" | "events" | "from" | "log" | "now" | "queue" | "storage" | "tools"
>;

/** A request that brings files. */
export interface Sending {
  user: User;
  request: Request;
  server?: Server<unknown>;
}

/** A file that has come, not yet judged. */
interface Received {
  folder: string;
  sizeBytes: number;
  wishes: Wishes;
}

/** Makes a video of the one file of a request, or lets it take the place of the file of `replaces`. */
export async function uploadFile(deps: Needs, sending: Sending, replaces: string | null): Promise<VideoItem> {
  const { user, request } = sending;
  requireMayUpload(user);
  if (replaces !== null) requireReplaceable(deps, user, replaces);
  const allowance = allowanceOf(deps, user);
  const frame = isForm(request) ? frameBytes : 0;
  if ((bodyLength(request) ?? 0) > allowance.mostBytes + frame) throw allowance.exceeded();
  const through = await throughIntoBucket(deps, sending, replaces, allowance);
  if (through !== null) return getVideo(deps, user, through);
  return inFolders(deps, async (folders) => {
    const receive = isForm(request) ? fileOfForm : fileOfBody;
    const received = await receive(deps, sending, folders.make(), allowance);
    const wishes = { ...received.wishes, replaces };
    return getVideo(deps, user, await keep(deps, user, { ...received, wishes }, folders));
  });
}

/** A file of a form, with what was said before it. */
interface Arriving extends Omit<Received, "wishes"> {
  said: Record<string, string> & { filename: string };
}

/** A large file whose size is known, and that is all that the request consists of. */
async function throughIntoBucket(
  deps: Needs,
  sending: Sending,
  replaces: string | null,
  allowance: Allowance,
): Promise<string | null> {
  const { user, request } = sending;
  const sizeBytes = bodyLength(request);
  if (sizeBytes === null || isForm(request)) return null;
  const said = Object.fromEntries(new URL(request.url).searchParams);
  const wishes = replaces === null ? said : { ...said, replaces };
  return oneThrough(deps, user, sizeBytes, wishes, { request, allowance, rules: rulesFor(deps, sending) });
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
  return inFolders(deps, async (folders) => {
    const arrived: Arriving[] = [];
    const result: FormResult = { videos: [], refused: [] };
    const refuse = (filename: string, error: unknown): null => {
      if (!isAppError(error)) throw error;
      result.refused.push({ filename, error });
      return null;
    };
    const place = ({ filename, fields }: ComingFile): Place | null => {
      try {
        const said = { ...fields, filename };
        readWishes(deps, said);
        const folder = folders.make();
        return {
          path: join(workRoot(deps), folder, receivedName),
          allowance: allowanceOf(deps, user),
          arrived: (sizeBytes) => void arrived.push({ folder, sizeBytes, said }),
          tooLarge: (error) => void refuse(filename, error),
        };
      } catch (error) {
        return refuse(filename, error);
      }
    };
    const { title = "", ...after } = await receiveForm(request, rulesFor(deps, sending), place);
    const count = arrived.length + result.refused.length;
    if (count === 0) throw noFile();
    // What is said after all files is meant for all, but for a title: several of them are not called the same.
    const forAll = count === 1 ? { ...after, title } : after;
    for (const { said, ...file } of arrived) {
      try {
        const wishes = { ...readWishes(deps, { ...forAll, ...said }), replaces: null };
        result.videos.push(await keep(deps, user, { ...file, wishes }, folders));
      } catch (error) {
        refuse(said.filename, error);
      }
    }
    return result;
  });
}

/** Work folders of one request. */
interface Folders {
  make(): string;
  /** What lies in it is a video's from now on. */
  handOver(folder: string): void;
}

/** Those that were not handed over go at the end. */
async function inFolders<T>(deps: Needs, use: (folders: Folders) => Promise<T>): Promise<T> {
  const ours = new Set<string>();
  const make = () => {
    const folder = newId();
    ours.add(folder);
    mkdirSync(join(workRoot(deps), folder), { recursive: true, mode: 0o700 });
    return folder;
  };
  try {
    return await use({ make, handOver: (folder) => void ours.delete(folder) });
  } finally {
    for (const folder of ours) await removeWorkFolder(workRoot(deps), folder);
  }
}

async function fileOfBody(
  deps: Needs,
  sending: Sending,
  folder: string,
  allowance: Allowance,
): Promise<Received> {
  const { request } = sending;
  const wishes = readWishes(deps, Object.fromEntries(new URL(request.url).searchParams));
  const path = join(workRoot(deps), folder, receivedName);
  await receiveBody(request, path, allowance, rulesFor(deps, sending));
  return { folder, sizeBytes: Bun.file(path).size, wishes };
}

async function fileOfForm(
  deps: Needs,
  sending: Sending,
  folder: string,
  allowance: Allowance,
): Promise<Received> {
  const found: Received[] = [];
  await receiveForm(sending.request, rulesFor(deps, sending), ({ field, filename, fields }): Place | null => {
    if (field !== "file") return null;
    if (found.length > 0) throw new AppError("invalid_input", "Send one file in a request.", { field });
    const file = { folder, sizeBytes: 0, wishes: readWishes(deps, { ...fields, filename }) };
    found.push(file);
    return {
      path: join(workRoot(deps), folder, receivedName),
      allowance,
      arrived: (sizeBytes) => void (file.sizeBytes = sizeBytes),
      tooLarge: (error) => {
        throw error;
      },
    };
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

async function keep(
  deps: Needs,
  user: User,
  { folder, sizeBytes, wishes }: Received,
  folders: Folders,
): Promise<string> {
  if (sizeBytes === 0) throw emptyFile();
  const file = await judge(deps, { folder, file: receivedName });
  const videoId = deps.db.transaction(() => {
    // How much was left may have changed since the first byte.
    requireQuota(deps, user, sizeBytes);
    return shelve(deps, user, { folder, file, sizeBytes }, wishes);
  });
  folders.handOver(folder);
  return videoId;
}

function rulesFor({ config }: Pick<Deps, "config">, { server }: Sending): ReceivingRules {
  return { server, bytesPerSecond: config.uploads.min_rate };
}
