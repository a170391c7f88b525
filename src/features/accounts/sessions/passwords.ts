import { availableParallelism } from "node:os";
import { AppError } from "../../../lib/errors.ts";
import { semaphore } from "../../../lib/semaphore.ts";

/** argon2id, the package's default, with the parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** How a hash of these parameters begins: the PHC string format. */
const madeWithThem = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;

/**
 * One processor is left to those who look and watch (bench/login.ts), and four at once need 80 MB at the most. The room is
 * small enough to be empty seconds after a crowd of strangers has gone, so that it keeps nobody out for long.
 */
const fewAtOnce = semaphore(Math.min(4, Math.max(1, availableParallelism() - 1)), {
  seats: 200,
  whenFull: () =>
    new AppError("unavailable", "Too many people are logging in at this moment.", {
      hint: "Try again in a few seconds.",
      retryAfterSeconds: 5,
    }),
});

/** Ten megabytes that are not needed before somebody logs in. */
const argon2 = () => import("@node-rs/argon2");

/** `unavailable` where too many passwords wait to be hashed or checked. */
export function hashPassword(password: string): Promise<string> {
  return fewAtOnce(async () => (await argon2()).hash(normal(password), parameters));
}

/**
 * Whether the password is the hashed one. With `storedHash` null, for an unknown account, it takes as long and is false.
 * `unavailable` where too many wait already, whoever asks.
 */
export async function checkPassword(storedHash: string | null, password: string): Promise<boolean> {
  // Nobody's: no account takes one. Text of a megabyte can be made to need minutes to be normalised.
  if (password.length > 1000) return false;
  return fewAtOnce(async () => {
    const { verify } = await argon2();
    for (const form of new Set([normal(password), password])) {
      if (await verify(storedHash ?? nobodysHash, form)) return true;
    }
    return false;
  });
}

/** Whether a stored hash was made with other parameters than today's. */
export function needsRehash(storedHash: string): boolean {
  return !storedHash.startsWith(madeWithThem);
}

/**
 * The same text from every keyboard: "é" is one character on Windows and may be two on a Mac (NIST SP 800-63B §5.1.1.2).
 * Hashes of before this was done are of the text as it came.
 */
function normal(password: string): string {
  return password.normalize("NFKC");
}

/** As many bytes as a real one, and random: there is no password to it. */
const nobodysHash = `${madeWithThem}${randomBase64(16)}$${randomBase64(32)}`;

function randomBase64(length: number): string {
  return crypto.getRandomValues(new Uint8Array(length)).toBase64({ omitPadding: true });
}
