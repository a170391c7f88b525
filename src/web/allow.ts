import type { MiddlewareHandler } from "hono";
import { AppError } from "../lib/errors.ts";
import { mayToken, requireMay, scopeOf } from "../lib/permissions.ts";
import type { Permission } from "../lib/permissions.ts";
import type { AppEnv } from "./env.ts";
import { requireCredential, requireUser } from "./session.ts";

/** Stands before every handler that is not for everybody: `not_allowed` for who, or for a token that, may not. */
export function allow(permission: Permission): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    requireMay(requireUser(c), permission);
    const credential = requireCredential(c);
    if (credential.kind === "token" && !mayToken(credential.scopes, permission))
      throw beyondScopes(permission);
    await next();
  };
}

function beyondScopes(permission: Permission): AppError {
  const scope = scopeOf(permission);
  return new AppError("not_allowed", "This token may not be used for that.", {
    hint: scope === null ? "Log in and do it yourself." : `It takes a token with the scope "${scope}".`,
  });
}
