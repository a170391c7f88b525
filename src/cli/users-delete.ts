import { loadConfig } from "../config.ts";
import { getUserByEmail } from "../features/accounts/accounts.ts";
import { deletePerson, parseFate } from "../features/admin/admin.ts";
import type { Fate } from "../features/admin/admin.ts";
import { isAppError } from "../lib/errors.ts";
import { CommandFailed, UsageError } from "./terminal.ts";
import type { Program } from "./terminal.ts";

/** Who does it, for the audit log. */
export const fromCommandLine = { address: "command line", userAgent: "" };

/**
 * Deletes an account as its page does. It takes the whole program, whose jobs are stopped or made; they are done by the
 * server that runs, or by the next. Returns what was done, in a sentence.
 */
export async function deleteUser(
  { loadApp }: Program,
  configFile: string | undefined,
  email: string,
  wish: { handOver: string | undefined; deleteVideos: boolean },
): Promise<string> {
  if (wish.handOver !== undefined && wish.deleteVideos)
    throw new UsageError("Choose one: --hand-over EMAIL or --delete-videos.");
  const { openApp } = await loadApp();
  const app = openApp(loadConfig(process.env, configFile).config);
  try {
    const deps = { ...app.deps, from: fromCommandLine };
    const user = getUserByEmail(deps, email);
    const heir = wish.handOver === undefined ? null : getUserByEmail(deps, wish.handOver);
    const fate = heir ? parseFate("hand_over", heir.id) : parseFate(wish.deleteVideos ? "delete" : "", "");
    deleteOrAsk(() => deletePerson(deps, null, user.id, fate));
    return `Deleted ${user.email}.${afterwards(fate, heir?.email)}`;
  } finally {
    await app.stop();
  }
}

function deleteOrAsk(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isAppError(error) || error.field !== "videos") throw error;
    throw new CommandFailed(`${error.message} Add --hand-over EMAIL or --delete-videos.`);
  }
}

function afterwards(fate: Fate | null, heir: string | undefined): string {
  if (fate?.videos === "hand_over") return ` All videos and downloads are ${heir}'s now.`;
  return fate ? " The files of its videos are removed by the server, when it runs." : "";
}
