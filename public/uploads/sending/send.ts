import { ask } from "./answers.ts";
import { sendByTus } from "./by-tus.ts";
import type { Outcome, Sending, Way } from "./way.ts";

interface Listed {
  id: string;
  filename: string;
  size_bytes: number;
  state: string;
  replaces: string | null;
}

/** Sends a file by the way that is open to it, unless it is there already. */
export const sendFile: Way = async (sending) => {
  const { item, watcher } = sending;
  if (item.url === null && !item.anyway && item.wishes.replaces === undefined) {
    const known = await findKnown(sending);
    if (known) return known;
  }
  if (item.url === null) {
    const url = await findUnfinished(sending);
    if (url !== null) watcher.placed({ url, way: "tus" });
  }
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
async function findUnfinished({ server, item, watcher, signal }: Sending): Promise<string | null> {
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
      !watcher.isTaken(`${endpoint}/${one.id}`),
  );
  return same ? `${endpoint}/${same.id}` : null;
}
