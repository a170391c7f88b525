import type { Deps } from "../deps.ts";
import type { User } from "../db/schema.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { secureMedia } from "./security-headers.ts";
import { identify } from "./session.ts";
import type { Verify } from "./session.ts";

interface Lane {
  /** GETs and HEADs whose whole URL matches come through; its first group is the id. */
  door: RegExp;
  verify: Verify;
  answer: (deps: Deps, user: User, request: Request, id: string) => Response | Promise<Response>;
}

/**
 * A door that players knock on for every range, past hono's machinery, which takes longer than all else
 * (bench/range.ts). The checks are the very functions of the long way, in its order: same origin, who asks,
 * login, and then the verb's own. Null where anything is out of the ordinary: the long way then does it all
 * again, renews the session, asks for the login, or says what is wrong.
 */
export function fastLane(deps: Deps, { door, verify, answer }: Lane) {
  return async (request: Request): Promise<Response | null> => {
    const id =
      request.method === "GET" || request.method === "HEAD" ? door.exec(request.url)?.[1] : undefined;
    if (id === undefined) return null;
    try {
      requireSameOrigin(deps, request);
      const verified = await identify(deps, request, verify);
      if (!verified || verified.refreshed) return null;
      return secureMedia(deps, await answer(deps, verified.user, request, id));
    } catch {
      // The same error comes up again on the long way, which knows how to tell it and logs what is a bug.
      return null;
    }
  };
}
