import type { Server } from "bun";
import type { Deps } from "../deps.ts";
import type { User } from "../db/schema.ts";
import type { Credential } from "./session.ts";

/** What every handler finds in hono's context. */
export interface AppEnv {
  Bindings: { server: Server<unknown> };
  Variables: {
    /** Of this request: `from` says where it came from. */
    deps: Deps;
    /** Who asks; null for nobody. */
    user: User | null;
    /** What they came in with; null for nobody. */
    credential: Credential | null;
    /** How many downloads of the person who asks run or wait; shown on every page. */
    countRunning: () => number;
    /** Of this response's CSP. */
    nonce: string;
  };
}
