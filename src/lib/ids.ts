/** A new id: UUID version 7 (RFC 9562), so ids made later sort later. */
export function newId(): string {
  return Bun.randomUUIDv7();
}

/** A secret for links and cookies: 256 random bits in base64url, 43 characters. */
export function newSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

/** How a secret is kept: SHA-256 in hex. Only for secrets of full entropy, never for passwords. */
export function hashSecret(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}
