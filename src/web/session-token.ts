import { join } from "node:path";
import { SignJWT, errors, jwtVerify } from "jose";
import { loadKey } from "../lib/private-file.ts";

/** What a session token says: who, which session, and which generation of them. Times in seconds since 1970. */
export interface SessionClaims {
  userId: string;
  sessionId: string;
  sessionVersion: number;
  issuedAt: number;
  expiresAt: number;
}

const issuer = "homereel";
const audience = "homereel-session";

/** The signing key of a data folder, made at the first start and readable by its owner only. */
export function loadSessionKey(dataDir: string): Uint8Array {
  return loadKey(join(dataDir, "session.key"), "everybody has to log in again");
}

const tokensRemembered = 1000;
const clockSkewMs = 60_000;

/** Signs and reads the session tokens of one data folder. */
export class SessionTokens {
  readonly #key: Uint8Array;
  /** A signature is checked once for each token: players ask for many ranges with the same one. By signature. */
  readonly #verified = new Map<string, { token: string; claims: SessionClaims }>();

  /** A token that was seen to be over stays so, also when the clock is set back. */
  readonly #expired = new Set<string>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  sign(
    user: { id: string; sessionVersion: number; sessionId: string },
    nowMs: number,
    hours: number,
  ): Promise<string> {
    const issuedAt = Math.floor(nowMs / 1000);
    return new SignJWT({ sv: user.sessionVersion, sid: user.sessionId })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user.id)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + hours * 3600)
      .sign(this.#key);
  }

  /** The claims of a token that is signed by us and in time; null for every other text. */
  async read(token: string, nowMs: number): Promise<SessionClaims | null> {
    if (this.#expired.has(token)) return null;
    if (this.#isKnown(token)) return this.recall(token, nowMs) ?? this.#forget(token);
    const claims = await verify(this.#key, token, nowMs);
    if (claims === "expired") return this.#forget(token);
    if (claims === null || claims.issuedAt * 1000 > nowMs + clockSkewMs) return null;
    if (this.#verified.size >= tokensRemembered) this.#verified.clear();
    this.#verified.set(signatureOf(token), { token, claims });
    return claims;
  }

  /** The same at once, for a token that `read` took before. */
  recall(token: string, nowMs: number): SessionClaims | null {
    const known = this.#verified.get(signatureOf(token));
    return known?.token === token && known.claims.expiresAt * 1000 > nowMs ? known.claims : null;
  }

  #isKnown(token: string): boolean {
    return this.#verified.get(signatureOf(token))?.token === token;
  }

  #forget(token: string): null {
    this.#verified.delete(signatureOf(token));
    if (this.#expired.size >= tokensRemembered) this.#expired.clear();
    this.#expired.add(token);
    return null;
  }
}

/** The last part, 43 characters: the whole token takes longer to hash than all else that a range request needs. */
function signatureOf(token: string): string {
  return token.slice(-43);
}

/** "expired" only where all else about it is as it should be. */
async function verify(
  key: Uint8Array,
  token: string,
  nowMs: number,
): Promise<SessionClaims | "expired" | null> {
  try {
    // jose takes tokens without `exp` and other HS* algorithms unless told not to.
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      issuer,
      audience,
      requiredClaims: ["exp", "iat", "sub", "sid", "sv"],
      currentDate: new Date(nowMs),
    });
    const { sub: userId, sid: sessionId, sv: sessionVersion, iat: issuedAt, exp: expiresAt } = payload;
    if (typeof sessionVersion !== "number" || typeof sessionId !== "string") return null;
    return userId && issuedAt && expiresAt
      ? { userId, sessionId, sessionVersion, issuedAt, expiresAt }
      : null;
  } catch (error) {
    return error instanceof errors.JWTExpired ? "expired" : null;
  }
}
