import type { Deps } from "../../../deps.ts";
import { semaphore } from "../../../lib/semaphore.ts";
import { keys } from "../../../storage/keys.ts";
import { begunOf } from "../arriving/begun.ts";

/** Each holds one in memory. */
const partAtHand = semaphore(3);

/** Sends part `n` of an upload into the bucket, where it is begun if need be; `read` is called when it is this one's turn. */
export function putPart(
  deps: Pick<Deps, "arrivals" | "db">,
  id: string,
  n: number,
  read: () => Promise<Uint8Array>,
): Promise<void> {
  return partAtHand(async () => {
    const bytes = await read();
    const { arrivals, multipartId } = await begunOf(deps, id);
    await arrivals.putPart(keys.arrival(id), multipartId, n, bytes);
  });
}
