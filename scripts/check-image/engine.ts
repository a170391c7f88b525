/** What can build the Dockerfile and run what comes out. */
export interface Engine {
  name: string;
  build(): Promise<void>;
  /** Starts the image's own command with the limits of compose.yaml; it may not be answering yet. */
  start(): Promise<RunningImage>;
  /** Removes all that `build` and `start` made. */
  dispose(): Promise<void>;
}

export interface RunningImage {
  url: string;
  /** The image's HEALTHCHECK as an argv. */
  healthCheck: string[];
  /** Runs a program beside the server, as the same user; returns what it printed, throws where it fails. */
  exec(argv: string[]): Promise<string>;
  /** Sends SIGTERM and returns the server's exit code. */
  stop(): Promise<number>;
  log(): Promise<string>;
}

/** What an image says about itself, as Docker's format has it. */
export interface ImageConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  Healthcheck?: { Test: string[] };
}

/** The argv of `HEALTHCHECK CMD [...]`. */
export function healthCheckOf({ Healthcheck }: Pick<ImageConfig, "Healthcheck">): string[] {
  const [kind, ...argv] = Healthcheck?.Test ?? [];
  if (kind !== "CMD") throw new Error("The image has no HEALTHCHECK of the kind CMD [...]");
  return argv;
}

export const project = new URL("../..", import.meta.url).pathname;

/** Downloading and unpacking may take this long on a slow line. */
export const buildTimeoutMs = 15 * 60_000;
/** From SIGTERM to the end, as in compose.yaml. */
export const stopTimeoutMs = 30_000;
