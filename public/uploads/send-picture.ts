import type { UploadItem } from "./item.ts";
import { type Outcome, refusalOf, type Server, type Watcher } from "./send.ts";

/** Pictures are small: each goes in one request. */
export function sendPicture(
  server: Server,
  item: UploadItem,
  file: File,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", server.pictures);
    request.setRequestHeader("accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded }) =>
      watcher.sent(Math.min(loaded, item.sizeBytes)),
    );
    request.addEventListener("error", () => resolve({ kind: "again" }));
    request.addEventListener("load", () => {
      if (request.status < 300) {
        resolve({ kind: "done", place: server.picturesPage });
      } else if (request.status >= 500 && request.status !== 507) resolve({ kind: "again" });
      else resolve(refusalOf(request.responseText, request.status));
    });
    signal.addEventListener("abort", () => request.abort());
    const body = new FormData();
    body.set("file", file, item.name);
    request.send(body);
  });
}
