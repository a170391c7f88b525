import { ApiRefused, callApi } from "./api-client.ts";
import type { Server } from "./api-client.ts";
import { cleanForTerminal } from "./terminal.ts";

/** Starts all again that failed and may pass. The exit code, as of all commands. */
export async function retryAll(server: Server, asJson: boolean): Promise<number> {
  const answer = await callApi<{ count: number; left_out: number }>(
    server,
    "POST",
    "/downloads/retry-failed",
  );
  if (asJson) return show(JSON.stringify(answer, null, 2));
  const { count, left_out: leftOut } = answer;
  const others = leftOut === 0 ? "" : ` Left out: ${leftOut}, which would fail again in the same way.`;
  return show(`${count} started again.${others}`);
}

/** Each on its own: what is refused keeps none of the others back, and makes the exit code 1. */
export async function retryEach(server: Server, ids: readonly string[], asJson: boolean): Promise<number> {
  const outcomes = [];
  for (const id of ids) outcomes.push(await retryOne(server, id));
  const refused = outcomes.filter(({ error }) => error !== null);
  if (asJson) show(JSON.stringify(outcomes, null, 2));
  else {
    for (const { id, state } of outcomes) if (state !== null) show(`Started again ${id}`);
    for (const { id, error } of refused) console.error(cleanForTerminal(`${id}: ${error}`));
    if (refused.length > 0 && ids.length > 1) console.error(`${refused.length} of ${ids.length} left out.`);
  }
  return refused.length > 0 ? 1 : 0;
}

async function retryOne(server: Server, id: string) {
  try {
    const path = `/downloads/${encodeURIComponent(id)}/retry`;
    const { state } = await callApi<{ state: string }>(server, "POST", path);
    return { id, state, error: null };
  } catch (error) {
    // Whoever is not let in, or finds no server, hears it once.
    if (!(error instanceof ApiRefused) || ![404, 409].includes(error.status)) throw error;
    return { id, state: null, error: error.message };
  }
}

function show(text: string): number {
  console.log(text);
  return 0;
}
