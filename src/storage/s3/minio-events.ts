import http from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import https from "node:https";
import { Transform } from "node:stream";
import { Client } from "minio";
import type { Bell } from "../incoming.ts";
import { incomingPrefix } from "./incoming.ts";
import type { Credentials } from "./incoming.ts";
import type { S3Options } from "./options.ts";

/** A server that tells at once begins its answer within half a second, with a blank. */
const openingMs = 5_000;
/** It sends a blank every half second. */
const stalledMs = 30_000;
const longestLine = 1024 * 1024;

/**
 * MinIO's own call, which plain S3 lacks: an answer that goes on, with a line for each object that is put. Resolves when it
 * ends, breaks or stalls, or doesn't even begin (docs/decisions/0012-incoming-objects.md); throws where it is refused.
 */
export function listenToMinio(
  options: S3Options & Credentials,
  bell: Bell,
  signal: AbortSignal,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const wire = openWire(options, bell, over.resolve);
  const events = connect(options, wire.transport).listenBucketNotification(
    options.bucket,
    incomingPrefix,
    "",
    ["s3:ObjectCreated:*"],
  );
  events.on("notification", () => bell.ring());
  events.on("error", (error) => (wire.isCut() ? over.resolve() : over.reject(error)));
  signal.addEventListener("abort", () => over.resolve(), { once: true });
  return over.promise.finally(() => {
    events.stop();
    wire.cut();
  });
}

function connect(options: S3Options & Credentials, transport: Wire["transport"]): Client {
  const { protocol, hostname, port } = new URL(options.endpoint);
  const { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken, region, pathStyle } = options;
  return new Client({
    endPoint: hostname,
    useSSL: protocol === "https:",
    ...(port === "" ? {} : { port: Number(port) }),
    accessKey,
    secretKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    pathStyle,
    transport,
    retryOptions: { disableRetry: true },
  });
}

interface Wire {
  transport: Pick<typeof http, "request">;
  cut(): void;
  isCut(): boolean;
}

/** The package neither says that an answer has begun, nor notices that it stalls, nor ends one: this does. */
function openWire({ endpoint, ca }: S3Options, bell: Bell, over: () => void): Wire {
  let request: ClientRequest | undefined;
  let isCut = false;
  const cut = () => {
    isCut = true;
    clearTimeout(timer);
    request?.destroy();
    over();
  };
  let timer = setTimeout(cut, openingMs);
  const heard = () => {
    clearTimeout(timer);
    if (!isCut) timer = setTimeout(cut, stalledMs);
  };
  const opened = (answer: IncomingMessage): IncomingMessage => {
    heard();
    answer.on("data", heard);
    answer.on("close", cut);
    answer.on("error", cut);
    bell.opened();
    const { statusCode, headers } = answer;
    return Object.assign(answer.pipe(wholeLines()), { statusCode, headers }) as unknown as IncomingMessage;
  };
  const send = endpoint.startsWith("https:") ? https.request : http.request;
  const begin = (given: object, use: (answer: IncomingMessage) => void): ClientRequest => {
    request = send({ ...given, ...(ca === undefined ? {} : { ca }) }, (answer) =>
      use(answer.statusCode === 200 ? opened(answer) : answer),
    );
    // It asks again by itself where an answer ended well.
    if (isCut) request.destroy();
    return request;
  };
  return { transport: { request: begin as typeof http.request }, cut, isCut: () => isCut };
}

/** Whole lines of JSON, and no blanks between them: of anything else the package's parser throws where nobody catches it. */
function wholeLines(): Transform {
  const decoder = new TextDecoder();
  let rest = "";
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = (lines.pop() ?? "").trimStart().slice(0, longestLine);
      const whole = lines.filter(isRecord).map((line) => `${line}\n`);
      done(null, whole.length > 0 ? whole.join("") : undefined);
    },
  });
}

function isRecord(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}
