import { look, outcomeOf, passes, readJson, refusalOf, takeOff, tell } from "./answers.ts";
import type { Answer } from "./answers.ts";
import { metadataOf } from "./by-tus.ts";
import { sendParts } from "./parts.ts";
import type { PartFailure, Stored } from "./parts.ts";
import type { PartLink } from "./put-part.ts";
import type { Outcome, Sending } from "./way.ts";

/** What this page knows of the bucket: whether it ever took something, and how often in a row it did not. */
const bucket = { hasTaken: false, inVain: 0 };

/** A bucket that took parts before may only be away for a minute; then it is given up. */
const mostInVain = 8;

/**
 * Straight into the bucket, in parts: the server says where each goes, and sees none of the bytes. Resolves to "no way"
 * where this browser gets nothing into the bucket; then the server has nothing of this upload any more.
 */
export async function sendDirect(sending: Sending): Promise<Outcome | "no way"> {
  const stored = sending.item.url === null ? await begin(sending) : await goOn(sending);
  if (stored === "no way" || "kind" in stored) return stored;
  const before = stored.parts.size;
  const failure = await sendParts(sending, stored, (n, crc32) => askForLink(sending, n, crc32));
  if (stored.parts.size > before) [bucket.hasTaken, bucket.inVain] = [true, 0];
  if (failure === null) return complete(sending);
  return failure.kind === "not-taken" ? giveUpOrWait(sending, stored, failure) : failure;
}

async function begin({ server, item, watcher }: Sending): Promise<Stored | Outcome | "no way"> {
  const said = { ...metadataOf(item), size_bytes: item.sizeBytes };
  // Whatever is pressed meanwhile, its address is waited for: else the server would keep what nobody can take off it.
  const answer = await tell(`${server.endpoint}/s3`, said);
  const { id, part_bytes: partBytes, code } = (readJson(answer.text) ?? {}) as Begun;
  if (code === "no_direct_uploads") return "no way";
  if (answer.status !== 201 || id === undefined || partBytes === undefined) return judge(answer);
  watcher.placed({ url: `${server.endpoint}/${id}`, way: "direct" });
  return { partBytes, parts: new Set() };
}

interface Begun {
  id?: string;
  part_bytes?: number;
  code?: string;
}

/** What is there already, of an upload that this page or another began. */
async function goOn({ server, item, watcher, signal }: Sending): Promise<Stored | Outcome> {
  const url = item.url ?? "";
  const told = await look(url, signal);
  const outcome = outcomeOf(server, told);
  if (told === "gone" || outcome?.kind === "refused") watcher.placed(null);
  if (outcome || told === "gone") return outcome ?? { kind: "again" };
  // Where there was no answer, this one says why.
  const answer = await tell(`${url}/parts`, undefined, signal);
  const { part_bytes, parts } = (readJson(answer.text) ?? {}) as {
    part_bytes?: number;
    parts?: { n: number }[];
  };
  if (answer.status !== 200 || part_bytes === undefined) return judge(answer);
  return { partBytes: part_bytes, parts: new Set(parts?.map(({ n }) => n)) };
}

async function askForLink({ item, signal }: Sending, n: number, crc32: string): Promise<PartLink | Outcome> {
  const answer = await tell(`${item.url}/parts`, { parts: [{ n, crc32 }] }, signal);
  const { parts = [] } = (readJson(answer.text) ?? {}) as { parts?: PartLink[] };
  return (answer.status === 200 && parts[0]) || judge(answer);
}

/** The bytes are there, and the server looks at them before it says what became of them. */
async function complete({ server, item, watcher, signal }: Sending): Promise<Outcome> {
  const url = item.url ?? "";
  const answer = await tell(`${url}/complete`, {}, signal);
  if (answer.status !== 202) return judge(answer);
  for (let waitMs = 250; !signal.aborted; waitMs = Math.min(waitMs * 1.5, 2000)) {
    const told = await look(url, signal);
    const outcome = outcomeOf(server, told);
    if (told === "gone" || outcome?.kind === "refused") watcher.placed(null);
    if (outcome || told === null || told === "gone") return outcome ?? { kind: "again" };
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return { kind: "again" };
}

/** The bucket took a part from nobody, or only from others, though the server reaches it: then it goes another way. */
async function giveUpOrWait(
  sending: Sending,
  { parts }: Stored,
  { status }: Extract<PartFailure, { kind: "not-taken" }>,
): Promise<Outcome | "no way"> {
  if (status >= 500 || status === 429) return { kind: "again" };
  const now = await goOn(sending);
  if ("kind" in now || sending.signal.aborted) return "kind" in now ? now : { kind: "again" };
  bucket.inVain += 1;
  if ((bucket.hasTaken || parts.size > 0) && bucket.inVain < mostInVain) return { kind: "again" };
  if (!(await takeOff(sending.item.url ?? ""))) return { kind: "again" };
  sending.watcher.placed(null);
  return "no way";
}

function judge({ status, text }: Answer): Outcome {
  // What is gone, the next look at it says.
  const isOver = status === 404 || status === 410;
  return status === 0 || isOver || passes(status) ? { kind: "again" } : refusalOf(text, status);
}
