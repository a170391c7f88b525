import { readTogether } from "../db/remembered.ts";
import type { User } from "../db/schema.ts";
import type { Deps } from "../deps.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { onlyCookieToken } from "./session.ts";

interface Lane {
  /** GETs and HEADs whose whole URL matches come through; its first group is the id. */
  door: RegExp;
  /** Who has a session that was checked before, holds, and needs no renewal. */
  recall: (deps: Deps, token: string) => User | null;
  /** Brings its security headers itself: see `mediaHeaders`. */
  answer: (deps: Deps, user: User, request: Request, id: string) => Response | Promise<Response>;
}

/**
 * A door that players knock on for every range, past hono's machinery, which takes longer than all else
 * (bench/range.ts). The checks are the very functions of the long way, in its order: same origin, who asks,
 * login, and then the verb's own. Null where anything is out of the ordinary: the long way then does it all
 * again, renews the session, asks for the login, or says what is wrong.
 */
export function fastLane(deps: Deps, { door, recall, answer }: Lane) {
  return (request: Request): Response | Promise<Response | null> | null => {
    const id =
      request.method === "GET" || request.method === "HEAD" ? door.exec(request.url)?.[1] : undefined;
    if (id === undefined) return null;
    try {
      requireSameOrigin(deps, request);
      const token = onlyCookieToken(deps, request);
      if (token === undefined) return null;
      const answered = readTogether(deps.db, () => {
        const user = recall(deps, token);
        return user && answer(deps, user, request, id);
      });
      return answered instanceof Promise ? answered.catch(theLongWay) : answered;
    } catch {
      return theLongWay();
    }
  };
}

/** The same error comes up again there, and there is who knows how to tell it and logs what is a bug. */
function theLongWay(): null {
  return null;
}
