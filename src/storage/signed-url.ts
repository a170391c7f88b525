import { join } from "node:path";
import { loadKey } from "../lib/private-file.ts";

/** Who lends what: a file by what is in it, to whoever has the address. Times in seconds since 1970. */
export interface SignedClaims {
  userId: string;
  /** As it was then: what ends all sessions of the person ends this too. */
  sessionVersion: number;
  /** Hex. What takes the file's place needs an address of its own. */
  sha256: string;
  issuedAt: number;
  expiresAt: number;
}

/** The key of a data folder, made at the first start and readable by its owner only. */
export function loadLinkKey(dataDir: string): Uint8Array {
  return loadKey(join(dataDir, "links.key"), "links to files that were handed out are over");
}

const mostRemembered = 1000;
const clockSkewSeconds = 60;

/** Addresses of ours that let in without a login, as presigned ones of a bucket do: HMAC-SHA256 over path and claims. */
export class SignedUrls {
  readonly #key: Uint8Array;
  /** Signatures of those that were seen to be over: they stay so, also when the clock is set back. */
  readonly #expired = new Set<string>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The path with its query. */
  sign(path: string, claims: SignedClaims): string {
    const { userId, sessionVersion, sha256, issuedAt, expiresAt } = claims;
    const query = new URLSearchParams({
      by: userId,
      version: String(sessionVersion),
      of: sha256,
      from: String(issuedAt),
      until: String(expiresAt),
      signature: this.#signatureOf(path, claims).toString("base64url"),
    });
    return `${path}?${query}`;
  }

  /** What an address of ours says that is in time; null for every other. */
  read(path: string, query: URLSearchParams, nowMs: number): SignedClaims | null {
    const claims = parseClaims(query);
    const signature = query.get("signature") ?? "";
    if (claims === null || !this.#isSigned(path, claims, signature)) return null;
    const now = nowMs / 1000;
    // Made later than now: by a clock that was set back since.
    if (this.#expired.has(signature) || claims.issuedAt > now + clockSkewSeconds) return null;
    if (claims.expiresAt > now) return claims;
    this.#forget(signature);
    return null;
  }

  #isSigned(path: string, claims: SignedClaims, signature: string): boolean {
    // One text for each signature: base64 can be written in several ways.
    if (!/^[\w-]{43}$/.test(signature)) return false;
    const given = Buffer.from(signature, "base64url");
    const isOurs = crypto.timingSafeEqual(given, this.#signatureOf(path, claims));
    return isOurs && given.toString("base64url") === signature;
  }

  #signatureOf(path: string, { userId, sessionVersion, sha256, issuedAt, expiresAt }: SignedClaims): Buffer {
    const text = JSON.stringify([path, userId, sessionVersion, sha256, issuedAt, expiresAt]);
    return new Bun.CryptoHasher("sha256", this.#key).update(text).digest();
  }

  #forget(signature: string): void {
    const [oldest] = this.#expired;
    if (oldest !== undefined && this.#expired.size >= mostRemembered) this.#expired.delete(oldest);
    this.#expired.add(signature);
  }
}

function parseClaims(query: URLSearchParams): SignedClaims | null {
  const [sessionVersion, issuedAt, expiresAt] = ["version", "from", "until"].map((name) =>
    /^\d{1,12}$/.test(query.get(name) ?? "") ? Number(query.get(name)) : null,
  );
  if (sessionVersion == null || issuedAt == null || expiresAt == null) return null;
  return {
    userId: query.get("by") ?? "",
    sessionVersion,
    sha256: query.get("of") ?? "",
    issuedAt,
    expiresAt,
  };
}
