import type { Context, MiddlewareHandler } from "hono";
import type { Config } from "../config.ts";
import { isAppError } from "../lib/errors.ts";
import { apiRoot } from "../paths.ts";
import { networkOf } from "./client-address.ts";
import type { AppEnv } from "./env.ts";
import { overriddenMethod } from "./method-override.ts";
import { RateLimit } from "./rate-limit.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Every limit on what strangers and programs may try, in memory, for each server. */
export function openLimits(limits: Config["limits"]) {
  return {
    loginsOfAccount: new RateLimit(limits.logins_per_account, 10 * minuteMs),
    loginsOfAddress: new RateLimit(limits.logins_per_address, 10 * minuteMs),
    registrationsOfAddress: new RateLimit(limits.registrations_per_address, hourMs),
    mailsToAccount: new RateLimit(limits.mails_per_account, hourMs),
    mailsOfAddress: new RateLimit(limits.mails_per_address, hourMs),
    codesOfAddress: new RateLimit(limits.codes_per_address, 10 * minuteMs),
    apiCalls: new RateLimit(limits.api_per_minute, minuteMs),
  };
}

export type Limits = ReturnType<typeof openLimits>;

/** Runs a try to log in; `rate_limited` where there were too many. A success clears the account's count. */
export async function limitLogins<T>(
  c: Context<AppEnv>,
  email: string,
  attempt: () => Promise<T>,
): Promise<T> {
  const { limits } = c.get("deps");
  take(c, limits.loginsOfAddress, networkIn(c));
  take(c, limits.loginsOfAccount, keyOf(email));
  const result = await attempt();
  limits.loginsOfAccount.forgive(keyOf(email));
  return result;
}

/** Before the password of somebody who is logged in is checked once more. */
export async function limitPasswords<T>(c: Context<AppEnv>, attempt: () => Promise<T>): Promise<T> {
  return limitLogins(c, c.get("user")?.email ?? "", attempt);
}

export function limitRegistrations(c: Context<AppEnv>): void {
  take(c, c.get("deps").limits.registrationsOfAddress, networkIn(c));
}

/** Before a mail goes to an address that somebody typed. */
export function limitMails(c: Context<AppEnv>, email: string): void {
  const { limits } = c.get("deps");
  take(c, limits.mailsOfAddress, networkIn(c));
  take(c, limits.mailsToAccount, keyOf(email));
}

/** Before a secret that was mailed or handed over is looked up. */
export function limitCodes(c: Context<AppEnv>): void {
  take(c, c.get("deps").limits.codesOfAddress, networkIn(c));
}

/**
 * Calls of the JSON API, for each token or session; for each address where there is none. The pieces of an
 * upload are no calls: it may take hundreds of them, as fast as they come.
 */
export const limitApi: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (isPieceOfUpload(c)) return next();
  const credential = c.get("credential");
  const key = credential && "id" in credential ? credential.id : (c.get("user")?.id ?? networkIn(c));
  take(c, c.get("deps").limits.apiCalls, key);
  await next();
};

function isPieceOfUpload({ req }: Context<AppEnv>): boolean {
  const isPatch = req.method === "PATCH" || overriddenMethod(req.raw) === "PATCH";
  return isPatch && req.path.startsWith(`${apiRoot}/uploads/`);
}

/** Where a form shows the failure itself, nobody else sets the header. */
function take(c: Context<AppEnv>, limit: RateLimit, key: string): void {
  try {
    limit.take(key, c.get("deps").now());
  } catch (error) {
    if (isAppError(error)) c.header("Retry-After", String(error.retryAfterSeconds));
    throw error;
  }
}

function networkIn(c: Context<AppEnv>): string {
  return networkOf(c.get("deps").from.address);
}

function keyOf(email: string): string {
  return email.trim().toLowerCase().slice(0, 254);
}
