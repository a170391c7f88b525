import { refusalOf } from "./answers.ts";
import type { Way } from "./way.ts";

/** Pictures are small: each goes in one request. */
export const sendPicture: Way = ({ server, item, file, watcher, signal }) =>
  new Promise((resolve) => {
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
