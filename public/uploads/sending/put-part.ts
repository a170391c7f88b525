/** Where a part goes, as the server says. */
export interface PartLink {
  url: string;
  headers: Record<string, string>;
}

/** Without a byte or an answer for so long, nothing is expected any more. */
const stallMs = 60_000;
/** Nor where no byte goes at all: an address behind a firewall says not even no. */
const silenceMs = 15_000;

/** Sends one part to the bucket, and resolves to the status of its answer; 0 where there is none. */
export function putPart(
  { url, headers }: PartLink,
  piece: Blob,
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve) => {
    // fetch() says nothing of how much has gone.
    const request = new XMLHttpRequest();
    let stalled = setTimeout(() => request.abort(), silenceMs);
    request.upload.addEventListener("progress", ({ loaded }) => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), stallMs);
      sent(loaded);
    });
    request.addEventListener("loadend", () => {
      clearTimeout(stalled);
      resolve(request.status);
    });
    if (signal.aborted) return resolve(0);
    signal.addEventListener("abort", () => request.abort());
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(piece);
  });
}
