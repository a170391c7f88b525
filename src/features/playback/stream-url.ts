import { extname } from "node:path";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { paths } from "../../paths.ts";
import type { SignedClaims } from "../../storage/signed-url.ts";
import { findUserById } from "../accounts/accounts.ts";
import { getPart, parts, secondsOf } from "./parts.ts";
import type { Part } from "./parts.ts";
import { deliveryOf, linkOptions, sendStored } from "../../web/send-stored.ts";

type Needs = Pick<Deps, "config" | "db" | "now" | "signedUrls" | "storageOf">;

/**
 * An address that needs no login, for players beside the browser: of the bucket, or of ours below `origin`. Whoever has
 * it gets this one file until `expiresAt` (milliseconds since 1970).
 */
export async function createStreamUrl(
  deps: Needs,
  user: User,
  id: string,
  wish: { part: Part; expiresSeconds?: number | undefined; origin: string },
): Promise<{ url: string; expiresAt: number }> {
  const { part, expiresSeconds = secondsOf(part), origin } = wish;
  const { file, bytes } = getPart(deps, user, id, part);
  // Both kinds count in whole seconds.
  const issuedAt = Math.floor(deps.now() / 1000);
  const expiresAt = issuedAt + expiresSeconds;
  const delivery = deliveryOf(deps, file);
  if (delivery.way === "link") {
    const url = await delivery.sign({ ...linkOptions(bytes), expiresSeconds, signedAt: issuedAt * 1000 });
    return { url, expiresAt: expiresAt * 1000 };
  }
  const path = paths.signed(id, part + extname(file.key));
  const { id: userId, sessionVersion } = user;
  const claims = { userId, sessionVersion, sha256: file.sha256, issuedAt, expiresAt };
  return { url: origin + deps.signedUrls.sign(path, claims), expiresAt: expiresAt * 1000 };
}

/**
 * Answers such an address of ours. Whoever made it is asked about each time: it ends with their account, with their right
 * to watch, and with the file.
 */
export function sendSigned(
  deps: Needs,
  request: Request,
  id: string,
  name: string,
): Response | Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const claims = deps.signedUrls.read(pathname, searchParams, deps.now());
  const part = parts.find((one) => one === name.replace(/\.\w+$/, ""));
  const lender = claims && findLender(deps, claims);
  if (!claims || !lender || !part) throw notGood();
  const { file, bytes } = getPart(deps, lender, id, part);
  if (file.sha256 !== claims.sha256) throw notGood();
  // Meanwhile it may have moved into a bucket: no address there outlives this one.
  const secondsLeft = Math.ceil(claims.expiresAt - deps.now() / 1000);
  return sendStored(deps, request, file, bytes, Math.min(secondsLeft, secondsOf(part)));
}

function findLender({ db }: Pick<Deps, "db">, claims: SignedClaims): User | null {
  const user = findUserById(db, claims.userId);
  return user?.disabledAt === null && user.sessionVersion === claims.sessionVersion ? user : null;
}

function notGood(): AppError {
  return new AppError("link_invalid", "This link is not valid any more.", { hint: "Ask for a new one." });
}
