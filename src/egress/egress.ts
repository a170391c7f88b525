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
