import { AppError } from "../../../lib/errors.ts";
import { hashFile } from "../../../lib/sha256.ts";

/** In the order of the server's preference. */
export const checksumAlgorithms = ["sha256", "sha1"] as const;

export interface Checksum {
  algorithm: (typeof checksumAlgorithms)[number];
  /** In base64. */
  digest: string;
}

/** Reads `Upload-Checksum: sha1 <base64>` (tus.io/protocols/resumable-upload, "Checksum"). */
export function parseChecksum(header: string | null): Checksum | null {
  if (header === null) return null;
  const [name, digest = "", ...rest] = header.trim().split(/ +/);
  const algorithm = checksumAlgorithms.find((known) => known === name?.toLowerCase());
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(digest) && rest.length === 0;
  if (algorithm !== undefined && isBase64) return { algorithm, digest };
  throw new AppError("invalid_input", "This checksum can't be checked.", {
    field: "Upload-Checksum",
    hint: `Send one of ${checksumAlgorithms.join(" or ")}, in base64.`,
  });
}

/** Throws `checksum_mismatch` where what is in the file from `start` on is something else. */
export async function verifyChecksum(path: string, start: number, checksum: Checksum): Promise<void> {
  const hasher = await hashFile(path, checksum.algorithm, { start });
  if (hasher.digest("base64") === checksum.digest) return;
  throw new AppError("checksum_mismatch", "The piece did not arrive as it was sent.", {
    hint: "Send it again.",
  });
}
