import { ApiRefused, callApi } from "./api-client.ts";
import type { Server } from "./api-client.ts";
import { cleanForTerminal } from "./terminal.ts";

/** Starts all again that failed and for which another try is worth it. The exit code, as of all commands. */
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

/** The exit code is 1 where one of them was refused; `asJson` says what became of each. */
export function retryEach(server: Server, ids: readonly string[], asJson: boolean): Promise<number> {
  return toEach(ids, asJson, "Started again", async (id) => {
    const { state } = await callApi<{ state: string }>(server, "POST", `${pathOf(id)}/retry`);
    return state;
  });
}

/** Takes all off the list that failed and would fail again in the same way. */
export async function removeAll(server: Server, asJson: boolean): Promise<number> {
  const answer = await callApi<{ count: number }>(server, "POST", "/downloads/remove-failed");
  return show(asJson ? JSON.stringify(answer, null, 2) : `${answer.count} removed.`);
}

/** As `retryEach`, taking them off the list. */
export function removeEach(server: Server, ids: readonly string[], asJson: boolean): Promise<number> {
  return toEach(ids, asJson, "Removed", async (id) => {
    await callApi(server, "DELETE", pathOf(id));
    return "removed";
  });
}

const pathOf = (id: string) => `/downloads/${encodeURIComponent(id)}`;

/** Each on its own: what is refused keeps none of the others back. */
async function toEach(
  ids: readonly string[],
  asJson: boolean,
  done: string,
  act: (id: string) => Promise<string>,
): Promise<number> {
  const outcomes = [];
  for (const id of ids) outcomes.push(await outcomeOf(id, act));
  const refused = outcomes.filter(({ error }) => error !== null);
  if (asJson) show(JSON.stringify(outcomes, null, 2));
  else {
    for (const { id, state } of outcomes) if (state !== null) show(`${done} ${id}`);
    for (const { id, error } of refused) console.error(cleanForTerminal(`${id}: ${error}`));
    if (refused.length > 0 && ids.length > 1) console.error(`${refused.length} of ${ids.length} left out.`);
  }
  return refused.length > 0 ? 1 : 0;
}

async function outcomeOf(id: string, act: (id: string) => Promise<string>) {
  try {
    return { id, state: await act(id), error: null };
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
