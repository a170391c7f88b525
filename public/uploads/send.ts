import { DetailedError, Upload } from "tus-js-client";
import { ChecksumStack } from "./checksum.ts";
import type { Problem, UploadItem } from "./item.ts";

/** How sending ended. `again` is to be tried later, from where it is. */
export type Outcome =
  | { kind: "done"; place: string | null }
  | { kind: "known"; place: string }
  | { kind: "refused"; problem: Problem }
  | { kind: "again" }
  | { kind: "unreadable" };

export interface Server {
  /** Where uploads are made. */
  endpoint: string;
  /** Where pictures are. */
  pictures: string;
  /** Where people see theirs. */
  picturesPage: string;
  /** What stands before a video's id in the address of its page. */
  video: string;
  chunkBytes: number;
}

export interface Watcher {
  /** The server takes it here; null where it must begin anew. */
  placed(url: string | null): void;
  /** On its way; the server may not have them yet. */
  sent(bytes: number): void;
  /** The server has them. */
  accepted(bytes: number): void;
  /** Whether another file of this list goes there. */
  isTaken(url: string): boolean;
}

interface Listed {
  id: string;
  filename: string;
  size_bytes: number;
  state: string;
  replaces: string | null;
}

/** What the server says of an upload. */
interface Told {
  state: "receiving" | "done" | "refused";
  video_id: string | null;
  error: { message: string; hint: string } | null;
}

/** Sends a file, or what is missing of it. Once `signal` says so, nothing more is sent, and no answer comes. */
export async function sendFile(
  server: Server,
  item: UploadItem,
  file: File,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Outcome> {
  if (item.url === null && !item.anyway && item.wishes.replaces === undefined) {
    const known = await findKnown(server, item, signal);
    if (known) return known;
  }
  if (item.url === null) {
    const url = await findUnfinished(server, item, watcher, signal);
    if (url !== null) watcher.placed(url);
  }
  const failure = await sendPieces(server, item, file, watcher, signal);
  return failure ? judge(server, item.url, failure, watcher, signal) : settle(server, item, signal);
}

/** The same file on the shelf, by name and size. Where that can't be learnt, it is sent. */
async function findKnown(server: Server, item: UploadItem, signal: AbortSignal): Promise<Outcome | null> {
  const query = new URLSearchParams({ filename: item.name, size_bytes: String(item.sizeBytes) });
  const answer = await ask(`${server.endpoint}/known?${query}`, signal);
  const id = (answer?.body as { video?: { id: string } | null } | undefined)?.video?.id;
  return id ? { kind: "known", place: server.video + id } : null;
}

/** Where a part of this file lies already, sent by another browser or before this one forgot it. */
async function findUnfinished(
  { endpoint }: Server,
  { name, sizeBytes, wishes }: UploadItem,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<string | null> {
  const answer = await ask(`${endpoint}?limit=100`, signal);
  const { items = [] } = (answer?.body ?? {}) as { items?: Listed[] };
  const same = items.find(
    (one) =>
      one.state === "receiving" &&
      one.replaces === (wishes.replaces ?? null) &&
      one.filename === name &&
      one.size_bytes === sizeBytes &&
      !watcher.isTaken(`${endpoint}/${one.id}`),
  );
  return same ? `${endpoint}/${same.id}` : null;
}

/** Null when the last byte is there. */
function sendPieces(
  server: Server,
  item: UploadItem,
  file: File,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<DetailedError | Error | null> {
  return new Promise((resolve) => {
    const upload = new Upload(file, {
      // With an endpoint, tus-js-client would begin anew whatever the server's reason not to go on, even while it starts.
      ...(item.url === null ? { endpoint: server.endpoint } : { uploadUrl: item.url }),
      metadata: metadataOf(item),
      chunkSize: server.chunkBytes,
      httpStack: new ChecksumStack(),
      // Both are done here: what is kept must outlive the page, and the waiting is to be seen.
      storeFingerprintForResuming: false,
      retryDelays: null,
      onUploadUrlAvailable: () => {
        if (upload.url !== null && upload.url !== item.url) watcher.placed(upload.url);
        if (signal.aborted) void upload.abort();
      },
      onProgress: (bytes) => watcher.sent(bytes),
      onChunkComplete: (_, bytes) => watcher.accepted(bytes),
      onSuccess: () => resolve(null),
      onError: resolve,
    });
    // While it is made, its address is waited for: else the server would keep what nobody can take off it.
    signal.addEventListener("abort", () => upload.url !== null && void upload.abort());
    upload.start();
  });
}

function metadataOf({ name, modified, wishes }: UploadItem): Record<string, string> {
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined && value !== "");
  return { filename: name, modified: String(modified), ...Object.fromEntries(given) };
}

/** The bytes are there: what became of them? */
async function settle(server: Server, item: UploadItem, signal: AbortSignal): Promise<Outcome> {
  const told = item.url === null ? null : await look(item.url, signal);
  return outcomeOf(server, told) ?? { kind: "again" };
}

function outcomeOf(server: Server, told: Told | "gone" | null): Outcome | null {
  if (told === null || told === "gone") return null;
  const { state, video_id: id, error } = told;
  if (state === "done") return { kind: "done", place: id === null ? null : server.video + id };
  if (state !== "refused") return null;
  const { message = "The server refused this file.", hint = "" } = error ?? {};
  return { kind: "refused", problem: { message, hint } };
}

async function judge(
  server: Server,
  url: string | null,
  failure: DetailedError | Error,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Outcome> {
  if (!(failure instanceof DetailedError)) return { kind: "unreadable" };
  const { originalResponse: response, causingError } = failure;
  if (!response || response.getStatus() === 0)
    return causingError instanceof DOMException ? { kind: "unreadable" } : { kind: "again" };
  const status = response.getStatus();
  if (status === 401) return { kind: "refused", problem: loggedOut };
  // It is no longer there: refused after its last byte, or given up as too old. Then it begins anew.
  if ((status === 404 || status === 410) && url !== null) {
    const told = await look(url, signal);
    const outcome = outcomeOf(server, told);
    if (told && outcome?.kind !== "done") watcher.placed(null);
    return outcome ?? { kind: "again" };
  }
  if (passes(status)) return { kind: "again" };
  const told = url === null ? null : await look(url, signal);
  if (told === "gone" || told?.state === "refused") watcher.placed(null);
  return refusalOf(response.getBody(), status);
}

const loggedOut: Problem = { message: "You are logged out.", hint: "Log in, and it goes on.", isLogin: true };

/**
 * A lock that somebody else holds, an offset that went on meanwhile, a garbled piece (460, tus 1.0), a server that
 * starts or is busy: the next look at it says where to go on. 507 is the full disk, which doesn't pass by itself.
 */
function passes(status: number): boolean {
  return [408, 409, 423, 425, 429, 460].includes(status) || (status >= 500 && status !== 507);
}

export function refusalOf(body: string, status: number): Outcome {
  const { title, detail = "" } = (readJson(body) ?? {}) as { title?: string; detail?: string };
  const message = title ?? `The server did not take it (${status}).`;
  return { kind: "refused", problem: { message, hint: detail } };
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What the server says of an upload: null where there is no answer, "gone" where it has none of this kind. */
async function look(url: string, signal: AbortSignal): Promise<Told | "gone" | null> {
  const answer = await ask(url, signal);
  return answer && ((answer.body as Told | null) ?? "gone");
}

/** Null where there is no answer; without `body` where it is none of use. */
async function ask(url: string, signal: AbortSignal): Promise<{ body: unknown } | null> {
  try {
    const answer = await fetch(url, { headers: { accept: "application/json" }, signal });
    if (!answer.ok) return answer.status >= 500 ? null : { body: null };
    return { body: readJson(await answer.text()) };
  } catch {
    return null;
  }
}

/** Takes an upload off the server; false where that has to be tried again. */
export async function takeOff(url: string): Promise<boolean> {
  const answer = await fetch(url, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } }).catch(
    () => null,
  );
  return answer !== null && answer.status < 500 && answer.status !== 423;
}
