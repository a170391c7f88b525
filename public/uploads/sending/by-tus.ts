import { DetailedError, Upload } from "tus-js-client";
import type { UploadItem } from "../item.ts";
import { look, outcomeOf, passes, refusalOf } from "./answers.ts";
import { ChecksumStack } from "./checksum.ts";
import type { Outcome, Sending, Way } from "./way.ts";

/** Through the server, in pieces, by tus 1.0. */
export const sendByTus: Way = async (sending) => {
  const failure = await sendPieces(sending);
  return failure ? judge(sending, failure) : settle(sending);
};

/** Null when the last byte is there. */
function sendPieces({ server, item, file, watcher, signal }: Sending): Promise<DetailedError | Error | null> {
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
        if (upload.url !== null && upload.url !== item.url) watcher.placed({ url: upload.url, way: "tus" });
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

/** What is said of a file before its bytes come, by the server's names; all of it is text. */
export function metadataOf({ name, modified, wishes }: UploadItem): Record<string, string> {
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined && value !== "");
  return { filename: name, modified: String(modified), ...Object.fromEntries(given) };
}

/** The bytes are there: what became of them? */
async function settle({ server, item, signal }: Sending): Promise<Outcome> {
  const told = item.url === null ? null : await look(item.url, signal);
  return outcomeOf(server, told) ?? { kind: "again" };
}

async function judge(
  { server, item: { url }, watcher, signal }: Sending,
  failure: DetailedError | Error,
): Promise<Outcome> {
  if (!(failure instanceof DetailedError)) return { kind: "unreadable" };
  const { originalResponse: response, causingError } = failure;
  if (!response || response.getStatus() === 0)
    return causingError instanceof DOMException ? { kind: "unreadable" } : { kind: "again" };
  const status = response.getStatus();
  // It is no longer there: refused after its last byte, or given up as too old. Then it begins anew.
  if ((status === 404 || status === 410) && url !== null) {
    const told = await look(url, signal);
    const outcome = outcomeOf(server, told);
    if (told && outcome?.kind !== "done") watcher.placed(null);
    return outcome ?? { kind: "again" };
  }
  if (passes(status)) return { kind: "again" };
  const told = url === null || status === 401 ? null : await look(url, signal);
  if (told === "gone" || told?.state === "refused") watcher.placed(null);
  return refusalOf(response.getBody(), status);
}
