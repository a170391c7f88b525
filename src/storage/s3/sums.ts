import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { bytesOfCrc } from "./crc32.ts";

/** Of what passes: crc32 in base64 as S3's headers have it, md5 in hex as most ETags do. */
export type SumKind = "crc32" | "md5";

export interface RunningSum {
  update(bytes: Uint8Array): void;
  /** To be asked for once, at the end. */
  text(): string;
}

/** Of everything from the first byte to the last. */
export function sumOfWhole(kind: SumKind): RunningSum {
  const { update, digest } = newSum(kind);
  return { update, text: () => written(kind, digest()) };
}

/**
 * The sum of the N parts' sums, with "-N" behind it: what servers keep of an object that came in parts of that many bytes
 * (Amazon S3 User Guide, "Checking object integrity": composite checksums).
 */
export function sumOfParts(kind: SumKind, partBytes: number): RunningSum {
  const ofParts: Buffer[] = [];
  let part = newSum(kind);
  let left = partBytes;
  const next = () => {
    ofParts.push(part.digest());
    part = newSum(kind);
    left = partBytes;
  };
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length;) {
        const piece = bytes.subarray(at, at + left);
        part.update(piece);
        at += piece.length;
        left -= piece.length;
        if (left === 0) next();
      }
    },
    text() {
      if (left < partBytes) next();
      const all = newSum(kind);
      all.update(Buffer.concat(ofParts));
      return `${written(kind, all.digest())}-${ofParts.length}`;
    },
  };
}

export async function sumOfFile(path: string, sum: RunningSum): Promise<string> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    sum.update(chunk as Buffer);
  }
  return sum.text();
}

function newSum(kind: SumKind): { update(bytes: Uint8Array): void; digest(): Buffer } {
  if (kind === "md5") {
    const hasher = new Bun.CryptoHasher("md5");
    return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digest() };
  }
  let crc = 0;
  return { update: (bytes) => void (crc = crc32(bytes, crc)), digest: () => bytesOfCrc(crc) };
}

function written(kind: SumKind, digest: Buffer): string {
  return digest.toString(kind === "md5" ? "hex" : "base64");
}
