import { globalAgent } from "node:https";
import YTDlpWrap from "yt-dlp-wrap";

// A thread of its own: where the network is away, yt-dlp-wrap's request ends whatever it runs in, by an error
// event that it does not listen for (2.3.12). Here that is this worker, and its owner hears of it.
declare const self: Worker;

interface Order {
  url: string;
  path: string;
  ca?: string;
}

self.addEventListener("message", ({ data }: MessageEvent<Order>) => void download(data));

async function download({ url, path, ca }: Order): Promise<void> {
  globalAgent.options.ca = ca;
  try {
    await YTDlpWrap.downloadFile(url, path);
    postMessage(null);
  } catch {
    postMessage("the answer was not the file");
  }
}
