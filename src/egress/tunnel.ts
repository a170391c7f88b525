import type { Socket, SocketHandler } from "bun";
import type { AddressPolicy } from "../lib/url-policy.ts";
import {
  headEnd,
  maxHeadBytes,
  parseRequestHead,
  type RequestHead,
  rewriteResponseHead,
} from "./http-head.ts";
import { Pipe } from "./pipe.ts";
import { type Resolve, reach } from "./reach.ts";
import { type Gate, openGate } from "./throttle.ts";

/** What one connection needs to know of the pass that it was made with. */
export interface TunnelPass {
  tunnels: Set<Tunnel>;
  /** Where what comes in waits for its turn. */
  gate: Gate;
  countBytes(count: number): void;
  noteRefusal(address: string): void;
}

export interface TunnelSettings {
  resolve: Resolve;
  policy(): AddressPolicy;
  connectTimeoutMs: number;
  /** The pass of a Proxy-Authorization value; null where it is unknown or closed. */
  passOf(authorization: string | null): TunnelPass | null;
}

/** One connection of a client: one request, or one CONNECT tunnel, then it is over. */
export class Tunnel {
  readonly #client: Socket<Tunnel>;
  readonly #settings: TunnelSettings;
  #pass: TunnelPass | null = null;
  #upstream: Socket<Tunnel> | null = null;
  #up: Pipe | null = null;
  #down: Pipe | null = null;
  /** Bytes that can't be passed on yet: an unfinished head, or what came while connecting. */
  #early: Buffer = Buffer.alloc(0);
  #state: "request head" | "connecting" | "response head" | "open" | "closed" = "request head";
  #bodyLeft = 0;
  #interimBytes = 0;
  #ended = false;
  /** On the monotonic clock, in milliseconds. */
  lastActivity = performance.now();

  constructor(client: Socket<Tunnel>, settings: TunnelSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  fromClient(chunk: Buffer): void {
    this.lastActivity = performance.now();
    if (this.#up) this.#sendUp(chunk);
    else this.#early = Buffer.concat([this.#early, chunk]);
    if (this.#state === "request head") this.#readRequestHead();
    else if (this.#early.length > maxHeadBytes) this.#client.pause();
  }

  fromUpstream(chunk: Buffer): void {
    this.lastActivity = performance.now();
    this.#pass?.countBytes(chunk.length);
    if (this.#state === "open") this.#passDown(chunk);
    else if (this.#state === "response head") this.#readResponseHead(chunk);
  }

  /** Cuts both sides at once. */
  cut(): void {
    this.#state = "closed";
    this.#pass?.tunnels.delete(this);
    this.#upstream?.terminate();
    this.#client.terminate();
  }

  drained(side: Socket<Tunnel>): void {
    this.lastActivity = performance.now();
    if (side === this.#client) this.#down?.drained();
    else this.#up?.drained();
  }

  /** False for a connection that came too late, after another address was taken. */
  isUpstream(socket: Socket<Tunnel>): boolean {
    return socket === this.#upstream;
  }

  /** The upstream said all it has to say, in good order. */
  upstreamEnded(): void {
    if (this.#state === "response head") this.#answer(502, "bad_response");
    else if (this.#state === "open") this.#ended = true;
    this.#down?.end();
  }

  /** A connection that broke is broken for the client too, so that it can't take half a file for a whole. */
  upstreamClosed(): void {
    // Where the guard itself answers it has hung up there: its words are still to be read.
    if (!this.#ended && this.#state !== "closed") this.cut();
  }

  #readRequestHead(): void {
    const end = headEnd(this.#early);
    if (end === -1 || end > maxHeadBytes) {
      if (this.#early.length > maxHeadBytes) this.#answer(431, "head_too_large");
      return;
    }
    const parsed = parseRequestHead(this.#early.subarray(0, end));
    this.#early = this.#early.subarray(end);
    if (!parsed.ok) return this.#answer(parsed.status, parsed.reason);
    this.#pass = this.#settings.passOf(parsed.head.proxyAuthorization);
    if (!this.#pass) return this.#answer(407, "pass_required");
    this.#pass.tunnels.add(this);
    this.#state = "connecting";
    void this.#connect(parsed.head);
  }

  async #connect(head: RequestHead): Promise<void> {
    const { resolve, policy, connectTimeoutMs } = this.#settings;
    const reached = await reach({
      host: head.host,
      port: head.port,
      policy: policy(),
      resolve,
      timeoutMs: connectTimeoutMs,
      handlers: upstreamHandlers,
      data: this,
    });
    if (this.#state === "closed") return reached.socket?.terminate();
    this.lastActivity = performance.now();
    if (!reached.socket) {
      for (const address of reached.refused) this.#pass?.noteRefusal(address);
      return this.#answer(statusOf[reached.reason], reached.reason);
    }
    if (reached.socket.readyState !== openState) return this.#answer(502, "connect_failed");
    this.#upstream = reached.socket;
    this.#up = new Pipe(this.#client, reached.socket);
    this.#down = new Pipe(reached.socket, this.#client, this.#awake(this.#pass?.gate));
    this.#start(head);
  }

  /** A connection that only waits for its turn is not idle. */
  #awake(gate: Gate = openGate): Gate {
    if (gate === openGate) return gate;
    return {
      ask: (send) =>
        gate.ask((maxBytes) => {
          this.lastActivity = performance.now();
          return send(maxBytes);
        }),
    };
  }

  #start(head: RequestHead): void {
    const early = this.#early;
    this.#early = Buffer.alloc(0);
    if (head.forwarded) {
      this.#state = "response head";
      this.#bodyLeft = head.bodyBytes;
      this.#up?.push(head.forwarded);
    } else {
      this.#state = "open";
      this.#bodyLeft = Number.POSITIVE_INFINITY;
      this.#down?.push(Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n"));
    }
    this.#client.resume();
    this.#upstream?.resume();
    if (early.length > 0) this.#sendUp(early);
  }

  /** What follows the body would be a second request, for another host perhaps: it is not passed on. */
  #sendUp(chunk: Buffer): void {
    const body = chunk.length > this.#bodyLeft ? chunk.subarray(0, this.#bodyLeft) : chunk;
    this.#bodyLeft -= body.length;
    if (body.length > 0) this.#up?.push(body);
  }

  /** What lies ready behind the chunk goes along with it. */
  #passDown(chunk: Buffer): void {
    this.#down?.push(chunk);
    const pulled = this.#down?.pull();
    this.#pass?.countBytes(pulled?.bytes ?? 0);
    if (pulled?.broke) this.cut();
  }

  /** Interim answers are passed over, and are not to be more than one head may be. */
  #readResponseHead(chunk: Buffer): void {
    this.#early = Buffer.concat([this.#early, chunk]);
    for (;;) {
      const end = headEnd(this.#early);
      if (end === -1 || this.#interimBytes + end > maxHeadBytes) {
        if (this.#interimBytes + this.#early.length > maxHeadBytes) this.#answer(502, "bad_response");
        return;
      }
      const response = rewriteResponseHead(this.#early.subarray(0, end));
      if (!response) return this.#answer(502, "bad_response");
      this.#early = this.#early.subarray(end);
      if (!response.interim) return this.#open(response.head);
      this.#interimBytes += end;
    }
  }

  #open(head: Buffer): void {
    const rest = this.#early;
    this.#early = Buffer.alloc(0);
    this.#state = "open";
    this.#down?.push(head);
    if (rest.length > 0) this.#down?.push(rest);
  }

  /** The guard's own answer. Its reason is in the status line, which is what yt-dlp repeats in its error. */
  #answer(status: number, reason: string): void {
    const text = `${egressMark}${reason}`;
    const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="homereel"\r\n' : "";
    const head = `HTTP/1.1 ${status} ${text}\r\n${challenge}Content-Type: text/plain\r\n`;
    this.#state = "closed";
    this.#pass?.tunnels.delete(this);
    this.#upstream?.terminate();
    this.#client.write(`${head}Content-Length: ${text.length + 1}\r\nConnection: close\r\n\r\n${text}\n`);
    this.#client.end();
  }
}

/** Stands before the guard's own reasons, e.g. "homereel-egress: address_not_allowed". */
export const egressMark = "homereel-egress: ";

const statusOf = { address_not_allowed: 403, name_not_found: 502, connect_failed: 502, connect_timeout: 504 };

const openState = 1;

export const clientHandlers: SocketHandler<Tunnel> = {
  data: (socket, chunk) => socket.data.fromClient(chunk),
  drain: (socket) => socket.data.drained(socket),
  close: (socket) => socket.data.cut(),
  error: (socket) => socket.data.cut(),
};

const upstreamHandlers: SocketHandler<Tunnel> = {
  // Nothing may arrive before the pipes stand.
  open: (socket) => socket.pause(),
  data: (socket, chunk) => socket.data.fromUpstream(chunk),
  drain: (socket) => socket.data.drained(socket),
  end: (socket) => socket.data.upstreamEnded(),
  close: (socket) => void (socket.data.isUpstream(socket) && socket.data.upstreamClosed()),
  error: (socket) => void (socket.data.isUpstream(socket) && socket.data.cut()),
};
