import type { Place } from "../item.ts";
import { ask } from "./answers.ts";
import { sendByTus } from "./by-tus.ts";
import { sendDirect } from "./direct.ts";
import type { Outcome, Sending, Way } from "./way.ts";

interface Listed {
  id: string;
  filename: string;
  size_bytes: number;
  state: string;
  replaces: string | null;
  part_bytes: number | null;
}

/** Nothing of this page gets into the bucket: the server takes it. */
let isBucketShut = false;

/** Sends a file by the way that is open to it, unless it is there already. */
export const sendFile: Way = async (sending) => {
  const { server, item, watcher } = sending;
  if (item.url === null && !item.anyway && item.wishes.replaces === undefined) {
    const known = await findKnown(sending);
    if (known) return known;
  }
  if (item.url === null) {
    const place = await findUnfinished(sending);
    if (place) watcher.placed(place);
  }
  const isDirect = item.url === null ? server.isDirect && !isBucketShut : item.way === "direct";
  if (!isDirect) return sendByTus(sending);
  const outcome = await sendDirect(sending);
  if (outcome !== "no way") return outcome;
  isBucketShut = true;
  return sendByTus(sending);
};

/** The same file on the shelf, by name and size. Where that can't be learnt, it is sent. */
async function findKnown({ server, item, signal }: Sending): Promise<Outcome | null> {
  const query = new URLSearchParams({ filename: item.name, size_bytes: String(item.sizeBytes) });
  const answer = await ask(`${server.endpoint}/known?${query}`, signal);
  const id = (answer?.body as { video?: { id: string } | null } | undefined)?.video?.id;
  return id ? { kind: "known", place: server.video + id } : null;
}

/** Where a part of this file lies already, sent by another browser or before this one forgot it. */
async function findUnfinished({ server, item, watcher, signal }: Sending): Promise<Place | null> {
  const { endpoint } = server;
  const { name, sizeBytes, wishes } = item;
  const answer = await ask(`${endpoint}?limit=100`, signal);
  const { items = [] } = (answer?.body ?? {}) as { items?: Listed[] };
  const same = items.find(
    (one) =>
      one.state === "receiving" &&
      one.replaces === (wishes.replaces ?? null) &&
      one.filename === name &&
      one.size_bytes === sizeBytes &&
      !(one.part_bytes !== null && isBucketShut) &&
      !watcher.isTaken(`${endpoint}/${one.id}`),
  );
  if (!same) return null;
  return { url: `${endpoint}/${same.id}`, way: same.part_bytes === null ? "tus" : "direct" };
}
