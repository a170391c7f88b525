import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as secure } from "node:tls";
import { type AnswerHead, headEnd, maxHeadBytes, parseAnswerHead } from "./http-head.ts";

/**
 * What a site answers to HEAD, through a pass of the guard, and follows no redirect. The request is written out by hand:
 * Bun's `fetch` goes round a proxy that it was told to take wherever NO_PROXY says so.
 */
export async function askHead(proxyUrl: string, url: URL, signal: AbortSignal): Promise<AnswerHead> {
  const { port, username, password } = new URL(proxyUrl);
  const pass = `Proxy-Authorization: Basic ${btoa(`${username}:${password}`)}`;
  const socket = connect(Number(port), "127.0.0.1");
  const cut = () => socket.destroy(new Error("no answer in time"));
  signal.addEventListener("abort", cut, { once: true });
  try {
    if (url.protocol === "http:") return await ask(socket, `HEAD ${url.href}`, [hostOf(url), pass]);
    const authority = `${url.hostname}:${url.port || 443}`;
    const tunnel = await ask(socket, `CONNECT ${authority}`, [`Host: ${authority}`, pass]);
    if (tunnel.status !== 200) return tunnel;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // RFC 6066 §3: an address is no server name; the certificate is held against `host`.
    const safe = secure({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
    await once(safe, "secureConnect");
    return await ask(safe, `HEAD ${url.pathname}${url.search}`, [hostOf(url)]);
  } finally {
    signal.removeEventListener("abort", cut);
    socket.destroy();
  }
}

function hostOf(url: URL): string {
  return `Host: ${url.host}`;
}

async function ask(socket: Socket, line: string, headers: string[]): Promise<AnswerHead> {
  const lines = [`${line} HTTP/1.1`, ...headers, "User-Agent: Mozilla/5.0", "Accept: */*"];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const answer = parseAnswerHead(await readHead(socket));
  if (!answer) throw new Error("an answer that is not HTTP");
  return answer;
}

/** Rejects where the connection ends before its head does. */
function readHead(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let read: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const end = headEnd(read);
    if (end !== -1) resolve(read.subarray(0, end));
    else if (read.length > maxHeadBytes) reject(new Error("an endless head"));
  };
  socket.on("data", take);
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("no answer")));
  return promise.finally(() => socket.off("data", take));
}
