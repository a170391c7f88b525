import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createSafeServer } from "node:https";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { freePort } from "../../scripts/checks/http.ts";
import { type EgressPass, openEgress } from "../../src/egress/egress.ts";
import { findTools } from "../../src/exec/find-tools.ts";
import { fetchVideo } from "../../src/exec/ytdlp.ts";
import { fetchPicture } from "../../src/features/downloads/preview/picture.ts";
import { type DownloadOptions, usualOptions } from "../../src/lib/download-options.ts";
import { isAppError } from "../../src/lib/errors.ts";
import { toolSettings } from "../fixtures/app.ts";
import { makeCertificate } from "../fixtures/certificate.ts";
import { siteFiles } from "../fixtures/site-files.ts";
import { mediaPlaylist, videoPage } from "../fixtures/site-pages.ts";

setDefaultTimeout(60_000);

const root = mkdtempSync(join(tmpdir(), "homereel-egress-"));
const settings = {
  ffmpeg: "",
  ffprobe: "",
  yt_dlp: toolSettings().HOMEREEL_TOOLS_YT_DLP ?? "",
  js_runtime: "",
};
const { tools: found } = findTools(settings, { dataDir: root });
const tools = { ...found, ytDlp: [...(found.ytDlp ?? []), "--use-extractors", "html5,generic"] };

/** The site, which may be reached, and the same port of an address that may not. */
const outerAddress = "127.0.0.4";
let outer: Server;
let inner: Server;
let port = 0;
let outerConnections = 0;
let innerConnections = 0;
const requests: string[] = [];

beforeAll(async () => {
  const files = await siteFiles();
  const shot = ["-v", "error", "-y", "-i", files.clip, "-frames:v", "1", join(files.folder, "poster.jpg")];
  await Bun.spawn([tools.ffmpeg, ...shot]).exited;
  outer = createServer((request, response) => void answer(files.folder, request, response));
  outer.on("connection", () => outerConnections++);
  port = await listen(outer, outerAddress, freePort());
  inner = createServer((_request, response) => void response.end("inner"));
  inner.on("connection", () => innerConnections++);
  await listen(inner, "127.0.0.1", port);
});
afterAll(() => {
  for (const server of [outer, inner]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(root, { recursive: true, force: true });
});

describe("every connection is the guard's", () => {
  test.each(["/page", "/hls/master.m3u8", "/for-ffmpeg.m3u8"])("%s", async (path) => {
    outerConnections = 0;
    const { lookups, failure } = await fetchFrom(path);
    expect(failure).toBeNull();
    expect(lookups.length).toBe(outerConnections);
    expect(new Set(lookups)).toEqual(new Set(["video.test", "cdn.test"]));
    expect(innerConnections).toBe(0);
  });

  test("a clip, which ffmpeg takes from the site itself", async () => {
    [outerConnections, requests.length] = [0, 0];
    const { lookups, failure } = await fetchFrom("/page", { options: { clip_from: 1, clip_to: 2 } });
    expect(failure).toBeNull();
    expect(requests).toContain("/clip.mp4");
    expect(lookups.length).toBe(outerConnections);
  });

  test("thumbnail and subtitles", async () => {
    [outerConnections, requests.length] = [0, 0];
    const { lookups, failure } = await fetchFrom("/rich", {
      options: { embed: ["thumbnail", "metadata"], subtitles: ["en"] },
    });
    expect(failure).toBeNull();
    expect(requests).toEqual(expect.arrayContaining(["/clip.mp4", "/poster.jpg", "/en.vtt"]));
    expect(lookups.length).toBe(outerConnections);
  });

  test.each([
    ["http", "data:image/jpeg;base64,"],
    // The site speaks no TLS: what counts is that it was reached, and how.
    ["https", "null"],
  ])("the picture of a preview, over %s", async (scheme, start) => {
    outerConnections = 0;
    const { egress, lookups } = guard();
    const picture = await fetchPicture(
      { egress, tools, log: pino({ enabled: false }) },
      `${scheme}://cdn.test:${port}/poster.jpg`,
      root,
      AbortSignal.timeout(10_000),
    );
    await egress.close();
    expect(String(picture)).toStartWith(start);
    expect(outerConnections).toBeGreaterThan(0);
    expect(lookups.length).toBe(outerConnections);
  });
});

test.each([
  ["brings its video", "/clip.mp4", false],
  ["fails", "/not-here", false],
  ["is cancelled", "/never", true],
])("the pass of a run is over when it %s", async (_how, path, isCancelled) => {
  const { egress } = guard();
  const passes: EgressPass[] = [];
  const watched = {
    ...egress,
    openPass() {
      const pass = egress.openPass();
      passes.push(pass);
      return pass;
    },
  };
  const cancel = new AbortController();
  const url = new URL(`http://video.test:${port}${path}`);
  const asked = requests.length;
  const running = fetchVideo(
    { tools, egress: watched },
    { url, folder: mkdtempSync(join(root, "job-")), signal: cancel.signal },
  ).catch(() => "failed");
  while (requests.length === asked) await Bun.sleep(10);
  if (isCancelled) cancel.abort();
  await running;
  expect(passes).toHaveLength(1);
  for (const { proxyUrl } of passes) expect((await fetch(url, { proxy: proxyUrl })).status).toBe(407);
  await egress.close();
});

test("over TLS it is one tunnel for each connection, and every byte is what the site sent", async () => {
  const folder = mkdtempSync(join(root, "tls-"));
  const [key, cert] = await makeCertificate(folder, ["DNS:video.test"]);
  const sent = crypto.getRandomValues(new Uint8Array(65_536));
  const pieces = 400;
  let connections = 0;
  const safe = createSafeServer({ key, cert }, (request, response) => {
    const size = pieces * sent.length;
    response.writeHead(200, { "content-type": "video/mp4", "content-length": size });
    if (request.method === "HEAD") return void response.end();
    for (let i = 0; i < pieces; i++) response.write(sent);
    response.end();
  });
  safe.on("connection", () => connections++);
  const safePort = await listen(safe, outerAddress, 0);
  const trusting = ["env", `SSL_CERT_FILE=${join(folder, "cert.pem")}`, ...tools.ytDlp];
  const { egress, lookups } = guard();
  try {
    const { file } = await fetchVideo(
      { tools: { ...tools, ytDlp: [...trusting, "--compat-options", "no-certifi"] }, egress },
      { url: new URL(`https://video.test:${safePort}/v.mp4`), folder },
    );
    const bytes = await Bun.file(file?.path ?? "").bytes();
    expect(bytes.length).toBe(pieces * sent.length);
    for (let at = 0; at < bytes.length; at += sent.length) {
      expect(Bun.hash(bytes.subarray(at, at + sent.length))).toBe(Bun.hash(sent));
    }
    expect(connections).toBeGreaterThan(0);
    expect(lookups.length).toBe(connections);
  } finally {
    await egress.close();
    safe.closeAllConnections();
    safe.close();
  }
});

describe("a way inside is refused", () => {
  test.concurrent.each([
    ["a redirect to 127.0.0.1", "/to?http://127.0.0.1:PORT/v.mp4"],
    ["a redirect to the metadata of a cloud", "/to?http://169.254.169.254/latest/meta-data/"],
    ["a redirect over another page", "/to?http://cdn.test:PORT/to?http://127.0.0.1:PORT/v.mp4"],
    ["a page whose video is inside", "/page-to?http://127.0.0.1:PORT/v.mp4"],
    ["a clip of what is inside", "/page-to?http://127.0.0.1:PORT/v.mp4#clip"],
    ["segments at 127.0.0.1", "/list.m3u8?http://127.0.0.1:PORT/0.ts"],
    ["segments at the metadata of a cloud", "/list.m3u8?http://169.254.169.254/0.ts"],
    ["segments at a name that leads inside", "/list.m3u8?http://inside.test:PORT/0.ts"],
    ["segments that redirect inside", "/list.m3u8?http://cdn.test:PORT/to?http://127.0.0.1:PORT/0.ts"],
  ])("%s", async (_what, path) => {
    const options = path.endsWith("#clip") ? { clip_from: 1 } : {};
    const { failure } = await fetchFrom(path.replaceAll("PORT", String(port)), { options });
    expect(failure).toBe("address_not_allowed");
    expect(innerConnections).toBe(0);
  });

  test.concurrent("a thumbnail that is inside is left away", async () => {
    await fetchFrom(`/inner-poster`, { options: { embed: ["thumbnail"] } });
    expect(requests).toContain("/inner-poster");
    expect(innerConnections).toBe(0);
  });

  test.concurrent("a name that answers outside first and inside from then on", async () => {
    const turning = [outerAddress];
    const { failure, lookups } = await fetchFrom("/clip.mp4?turning", {
      answers: () => [turning.shift() ?? "127.0.0.1"],
    });
    expect(failure).toBe("address_not_allowed");
    expect(lookups.length).toBeGreaterThan(1);
    expect(requests.filter((url) => url === "/clip.mp4?turning")).toHaveLength(1);
    expect(innerConnections).toBe(0);
  });
});

/** Names that only the guard knows: whoever goes round it finds nothing under them. */
const names = new Map([
  ["video.test", outerAddress],
  ["cdn.test", outerAddress],
  ["inside.test", "127.0.0.1"],
]);

const knownNames = (host: string) => [names.get(host) ?? host];

function guard(answers = knownNames) {
  const lookups: string[] = [];
  const resolve = async (host: string) => {
    lookups.push(host);
    return answers(host);
  };
  return { lookups, egress: openEgress({ allowNetworks: [outerAddress], log: { warn() {} }, resolve }) };
}

async function fetchFrom(
  path: string,
  more: { answers?: typeof knownNames; options?: Partial<DownloadOptions> } = {},
) {
  const { lookups, egress } = guard(more.answers);
  const folder = mkdtempSync(join(root, "job-"));
  const url = new URL(`http://video.test:${port}${path}`);
  try {
    await fetchVideo({ tools, egress }, { url, folder, options: { ...usualOptions, ...more.options } });
    return { lookups, failure: null };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { lookups, failure: error.code };
  } finally {
    await egress.close();
  }
}

function richPage(cdn: string, pictures = cdn): string {
  const track = `<track kind="subtitles" srclang="en" src="${cdn}/en.vtt">`;
  const video = `<video poster="${pictures}/poster.jpg" src="${cdn}/clip.mp4">${track}</video>`;
  return `<!doctype html><html><head><title>A rich page</title></head><body>${video}</body></html>`;
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "", ...rest] = (request.url ?? "").split("?");
  const wish = rest.join("?");
  requests.push(request.url ?? "");
  const cdn = `http://cdn.test:${port}`;
  const list = "application/vnd.apple.mpegurl";
  if (path === "/to") return void response.writeHead(302, { location: wish }).end();
  if (path === "/never") return response.writeHead(200, { "content-type": "text/html" }).flushHeaders();
  if (path === "/page") return send("text/html", videoPage("A page", "/clip.mp4", cdn));
  if (path === "/page-to") return send("text/html", videoPage("A page", wish));
  if (path === "/rich") return send("text/html", richPage(cdn));
  if (path === "/inner-poster") return send("text/html", richPage(cdn, `http://127.0.0.1:${port}`));
  if (path === "/en.vtt") return send("text/vtt", "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n");
  if (path === "/list.m3u8") return send(list, mediaPlaylist([wish]));
  if (path === "/for-ffmpeg.m3u8") {
    const key = `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="${cdn}/key"\n#EXTINF`;
    return send(list, mediaPlaylist([`${cdn}/hls/high-000.ts`]).replace("#EXTINF", key));
  }
  const file = Bun.file(join(folder, path));
  if (!(await file.exists())) return void response.writeHead(404).end();
  const type = path.endsWith(".m3u8") ? list : path.endsWith(".jpg") ? "image/jpeg" : "video/mp4";
  if (path === "/hls/master.m3u8") {
    return send(
      list,
      (await file.text()).replaceAll(/^\w+\.m3u8$/gm, (name) => `${cdn}/hls/${name}`),
    );
  }
  send(type, Buffer.from(await file.bytes()));

  function send(contentType: string, body: string | Buffer): void {
    response.writeHead(200, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
    response.end(body);
  }
}

async function listen(
  server: Pick<Server, "once" | "listen" | "address">,
  host: string,
  at: number,
): Promise<number> {
  await new Promise<void>((done, failed) => server.once("error", failed).listen(at, host, done));
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
