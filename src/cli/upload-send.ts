import { statSync } from "node:fs";
import { ApiRefused, askServer, callApi, type Server } from "./api-client.ts";
import { CommandFailed } from "./terminal.ts";

/** A file as it was found; what is sent is this and no later one. */
export interface LocalFile {
  /** Absolute. */
  path: string;
  name: string;
  sizeBytes: number;
  /** In milliseconds since 1970. */
  modified: number;
}

export interface UploadWishes {
  title?: string;
  tags?: string;
  visibility?: string;
}

interface Upload {
  state: "receiving" | "done" | "refused";
  video_id: string | null;
  error: { code: string; message: string; hint: string } | null;
}

export interface Watcher {
  /** The server takes it under this id; null where it no longer does. */
  placed(id: string | null): void;
  /** So much of it is there. */
  sent(bytes: number): void;
}

/** Without a byte getting through for so long, it is given up; the server may be restarted meanwhile. */
const patienceMs = 120_000;
const firstPieceBytes = 1_000_000;
const mostPieceBytes = 8_000_000;

/**
 * Sends a file by tus 1.0, or what is missing of the upload `id`; the id of the video. A few requests with fetch(), and not
 * tus-js-client: that brings locks and files of its own for what `upload-memory.ts` has to keep per server anyway.
 */
export async function sendFile(
  server: Server,
  file: LocalFile,
  { id: known, wishes }: { id: string | null; wishes: UploadWishes },
  watcher: Watcher,
  signal: AbortSignal,
): Promise<string> {
  let id = known;
  let offset = id === null ? null : await patiently(() => offsetOf(server, id ?? ""), signal);
  if (id === null || offset === null) {
    id = await patiently(() => create(server, file, wishes), signal);
    watcher.placed(id);
    offset = 0;
  }
  try {
    await sendPieces(server, file, { id, offset }, watcher, signal);
    return await patiently(() => settle(server, id ?? ""), signal);
  } catch (error) {
    if (isOver(error)) watcher.placed(null);
    throw error;
  }
}

async function create(server: Server, file: LocalFile, wishes: UploadWishes): Promise<string> {
  const given = { filename: file.name, modified: String(Math.round(file.modified)), ...wishes };
  const metadata = Object.entries(given).map(
    ([key, text]) => `${key} ${Buffer.from(text).toString("base64")}`,
  );
  const { headers } = await askServer(server, "/uploads", {
    method: "POST",
    headers: {
      ...tus,
      "upload-length": String(file.sizeBytes),
      "upload-metadata": metadata.join(","),
    },
  });
  // Only the id is taken of it: the token goes nowhere but to the server that was named.
  const id = /\/uploads\/([\w-]+)$/.exec(headers.get("location") ?? "")?.[1];
  if (id === undefined) throw new CommandFailed(`${server.url} does not say where the file goes.`);
  return id;
}

/** Null where there is no such upload any more. */
async function offsetOf(server: Server, id: string): Promise<number | null> {
  try {
    const { headers } = await askServer(server, `/uploads/${id}`, { method: "HEAD", headers: tus });
    return Number(headers.get("upload-offset"));
  } catch (error) {
    if (isOver(error)) return null;
    throw error;
  }
}

async function sendPieces(
  server: Server,
  file: LocalFile,
  from: { id: string; offset: number },
  watcher: Watcher,
  signal: AbortSignal,
): Promise<void> {
  let { offset } = from;
  let pieceBytes = firstPieceBytes;
  watcher.sent(offset);
  while (offset < file.sizeBytes) {
    requireUnchanged(file);
    const start = performance.now();
    offset = await patiently(
      () => sendPiece(server, file, { ...from, offset, pieceBytes }, signal),
      signal,
      // Whatever went wrong, the server knows how far it is.
      async () => {
        offset = (await offsetOf(server, from.id)) ?? offset;
      },
    );
    watcher.sent(offset);
    pieceBytes = nextPieceBytes(pieceBytes, performance.now() - start);
  }
}

async function sendPiece(
  server: Server,
  file: LocalFile,
  { id, offset, pieceBytes }: { id: string; offset: number; pieceBytes: number },
  signal: AbortSignal,
): Promise<number> {
  if (offset >= file.sizeBytes) return offset;
  const piece = await Bun.file(file.path)
    .slice(offset, Math.min(offset + pieceBytes, file.sizeBytes))
    .bytes();
  const checksum = new Bun.CryptoHasher("sha256").update(piece).digest("base64");
  const { headers } = await askServer(server, `/uploads/${id}`, {
    method: "PATCH",
    headers: {
      ...tus,
      "content-type": "application/offset+octet-stream",
      "upload-offset": String(offset),
      "upload-checksum": `sha256 ${checksum}`,
    },
    body: piece,
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  });
  return Number(headers.get("upload-offset"));
}

/** Pieces of about a second: on a slow line one sees that it goes on, on a fast one little is lost between them. */
export function nextPieceBytes(bytes: number, tookMs: number): number {
  if (tookMs < 500) return Math.min(bytes * 2, mostPieceBytes);
  return tookMs > 2000 ? Math.max(bytes / 2, firstPieceBytes / 4) : bytes;
}

/** What became of it, now that all of it is there. */
async function settle(server: Server, id: string): Promise<string> {
  const { state, video_id: videoId, error } = await callApi<Upload>(server, "GET", `/uploads/${id}`);
  if (state === "done" && videoId !== null) return videoId;
  if (state === "receiving") throw new ApiRefused("The server is still looking at it.", 503);
  throw new ApiRefused(
    [error?.message, error?.hint].filter(Boolean).join(" ") || "The server refused it.",
    422,
    null,
    error?.code,
  );
}

const tus = { "tus-resumable": "1.0.0" };

/** Tries again what may pass: a server that starts, a line that is down, a lock that somebody holds. */
async function patiently<T>(
  act: () => Promise<T>,
  signal: AbortSignal,
  before: () => Promise<void> = async () => {},
): Promise<T> {
  const since = performance.now();
  for (let tries = 0; ; tries++) {
    try {
      if (tries > 0) await before();
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error) || performance.now() - since > patienceMs) throw error;
      await Bun.sleep(Math.min(250 * 2 ** tries, 5000));
      signal.throwIfAborted();
    }
  }
}

const passing = new Set([0, 408, 409, 423, 425, 429, 460, 500, 502, 503, 504]);

function mayPass(error: unknown): boolean {
  return error instanceof ApiRefused && passing.has(error.status);
}

/** Nothing of the upload is left to go on with. */
function isOver(error: unknown): boolean {
  return error instanceof ApiRefused && [404, 410, 413, 422].includes(error.status);
}

function requireUnchanged({ path, sizeBytes, modified }: LocalFile): void {
  const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if (size === sizeBytes && mtimeMs === modified) return;
  throw new CommandFailed(`${path} was changed while it was sent. Run the command again.`);
}
