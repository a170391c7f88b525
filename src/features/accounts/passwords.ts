import { semaphore } from "../../lib/semaphore.ts";

/**
 * argon2id, the package's default, with the parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes. Few checks
 * run at once, so that a burst of logins can take neither all memory nor all processors.
 */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const atOnce = semaphore(2);

/** Ten megabytes that are not needed before somebody logs in. */
const argon2 = () => import("@node-rs/argon2");

export function hashPassword(password: string): Promise<string> {
  return atOnce(async () => (await argon2()).hash(password, parameters));
}

/** With `storedHash` null, for an unknown account, it takes as long and is false. */
export async function checkPassword(storedHash: string | null, password: string): Promise<boolean> {
  const against = storedHash ?? (await hashOfNobody());
  const matches = await atOnce(async () => (await argon2()).verify(against, password));
  return matches && storedHash !== null;
}

let nobody: Promise<string> | undefined;

function hashOfNobody(): Promise<string> {
  return (nobody ??= hashPassword(crypto.randomUUID()));
}

/** Whether a stored hash was made with other parameters than these (PHC string: `$argon2id$v=19$m=…,t=…,p=…$…`). */
export function needsRehash(storedHash: string): boolean {
  const { memoryCost, timeCost, parallelism } = parameters;
  return !storedHash.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);
}
