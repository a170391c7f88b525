import type { Socket, TCPSocketListener } from "bun";
import type { Logger } from "pino";
import { newSecret } from "../lib/ids.ts";
import { parseNetworks } from "../lib/url-policy.ts";
import { currentPolicy, type Resolve, resolveBySystem } from "./reach.ts";
import { type Gate, openGate, Throttle } from "./throttle.ts";
import { clientHandlers, Tunnel, type TunnelPass, type TunnelSettings } from "./tunnel.ts";

/** The guarded way out: a forward proxy on loopback that judges the address of every connection. */
export interface Egress {
  /**
   * Opens one pass: a proxy URL with a credential of its own. Every connection made with it ends
   * when the pass is closed. `bytes` counts what came in through it.
   */
  openPass(): EgressPass;
  close(): Promise<void>;
}

export interface EgressPass {
  /** For `--proxy` and `http_proxy`: `http://user:secret@127.0.0.1:port`. */
  readonly proxyUrl: string;
  bytes(): number;
  /** The addresses that were refused, newest last, for the sentence that a person sees. */
  refused(): readonly string[];
  close(): void;
}

export interface EgressOptions {
  /** CIDRs that may be fetched although they aren't public (`downloads.allow_networks`). */
  allowNetworks: readonly string[];
  log: Pick<Logger, "warn">;
  /** The most that comes in through all passes together, shared fairly between them; 0 means no limit. */
  bytesPerSecond?: number;
  resolve?: Resolve;
  connectTimeoutMs?: number;
  /** A connection on which nothing moved for this long is cut. */
  idleTimeoutMs?: number;
}

/** Listens from the first pass on, on a port that the system picks. Throws AppError for a bad network. */
export function openEgress(options: EgressOptions): Egress {
  const networks = parseNetworks(options.allowNetworks);
  const passes = new Map<string, Pass>();
  const throttle = options.bytesPerSecond ? new Throttle(options.bytesPerSecond) : null;
  let listening: Listening | null = null;
  const settings: TunnelSettings = {
    resolve: options.resolve ?? resolveBySystem,
    policy: () => currentPolicy(networks),
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    passOf: (authorization) => passes.get(authorization ?? "") ?? null,
  };
  return {
    openPass() {
      listening ??= listen(settings, options.idleTimeoutMs ?? 60_000);
      const secret = newSecret();
      const credential = `Basic ${Buffer.from(`pass:${secret}`).toString("base64")}`;
      const pass = new Pass(`http://pass:${secret}@127.0.0.1:${listening.port}`, {
        gate: throttle?.newGate() ?? openGate,
        closed: () => passes.delete(credential),
        refused: (address) => options.log.warn({ address }, "egress: address refused"),
      });
      passes.set(credential, pass);
      return pass;
    },
    async close() {
      for (const pass of passes.values()) pass.close();
      listening?.stop();
    },
  };
}

interface Listening {
  port: number;
  stop(): void;
}

function listen(settings: TunnelSettings, idleTimeoutMs: number): Listening {
  const tunnels = new Set<Tunnel>();
  const listener: TCPSocketListener<Tunnel> = Bun.listen<Tunnel>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      ...clientHandlers,
      open(socket: Socket<Tunnel>) {
        socket.data = new Tunnel(socket, settings);
        tunnels.add(socket.data);
      },
      close(socket: Socket<Tunnel>) {
        tunnels.delete(socket.data);
        socket.data.cut();
      },
    },
  });
  const sweep = setInterval(() => {
    const before = performance.now() - idleTimeoutMs;
    for (const tunnel of tunnels) if (tunnel.lastActivity < before) tunnel.cut();
  }, idleTimeoutMs / 4);
  sweep.unref();
  return {
    port: listener.port,
    stop() {
      clearInterval(sweep);
      listener.stop(true);
    },
  };
}

/** Remembered per pass; a page can name any number of inner addresses. */
const maxRefused = 20;

interface PassOptions {
  gate: Gate;
  closed(): void;
  refused(address: string): void;
}

class Pass implements EgressPass, TunnelPass {
  readonly proxyUrl: string;
  readonly tunnels = new Set<Tunnel>();
  readonly gate: Gate;
  readonly #on: PassOptions;
  readonly #refused: string[] = [];
  #bytes = 0;

  constructor(proxyUrl: string, on: PassOptions) {
    this.proxyUrl = proxyUrl;
    this.gate = on.gate;
    this.#on = on;
  }

  bytes(): number {
    return this.#bytes;
  }

  refused(): readonly string[] {
    return this.#refused;
  }

  close(): void {
    this.#on.closed();
    for (const tunnel of this.tunnels) tunnel.cut();
  }

  countBytes(count: number): void {
    this.#bytes += count;
  }

  noteRefusal(address: string): void {
    if (this.#refused.length === maxRefused) this.#refused.shift();
    this.#refused.push(address);
    this.#on.refused(address);
  }
}
