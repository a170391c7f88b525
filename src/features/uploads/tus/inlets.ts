import { join } from "node:path";
import type { Deps } from "../../../deps.ts";
import { keepWorkFolder } from "../../../exec/work-folder.ts";
import { freeBytes, headroomBytes, storageFull } from "../../../storage/free-space.ts";
import { bodyLength, receiveBody } from "../../../web/receive-body.ts";
import {
  arrivedBytes,
  distrustFrom,
  dropDistrusted,
  flushSome,
  receivedName,
  relyOnArrived,
  workRoot,
} from "../arrived.ts";
import { verifyChecksum } from "./checksum.ts";
import type { Upload } from "../queries.ts";
import { bytesThrough, dropDistrustedTail } from "../through/tail.ts";
import type { Piece } from "./piece.ts";
import { receiveThrough } from "./receive-through.ts";

type Needs = Pick<Deps, "arrivals" | "config" | "db" | "now">;

/** Where the bytes of tus go. Who has the upload for themselves calls these. */
interface Inlet {
  /** How much has arrived. */
  offset(deps: Pick<Deps, "config">, upload: Upload): number;
  /** Takes away again what came with a checksum and was never checked. */
  dropDistrusted(deps: Pick<Deps, "config">, upload: Upload): void;
  /** What has come when it stops is kept. */
  receive(deps: Needs, upload: Upload, piece: Piece): Promise<void>;
}

const disk: Inlet = {
  offset: (deps, { id }) => arrivedBytes(deps, id),
  dropDistrusted: (deps, { id }) => dropDistrusted(deps, id),
  async receive(deps, upload, { request, checksum, allowance, rules }) {
    const { id } = upload;
    if (freeBytes(deps) < headroomBytes + (bodyLength(request) ?? 0)) throw storageFull();
    const path = join(await keepWorkFolder(workRoot(deps), id), receivedName);
    const offset = arrivedBytes(deps, id);
    if (checksum) distrustFrom(deps, id, offset);
    await receiveBody(request, path, allowance, rules);
    if (checksum) {
      await verifyChecksum(path, offset, checksum);
      relyOnArrived(deps, id);
    }
    await flushSome(deps, upload, offset, arrivedBytes(deps, id));
  },
};

const through: Inlet = { offset: bytesThrough, dropDistrusted: dropDistrustedTail, receive: receiveThrough };

export function inletOf({ way }: Pick<Upload, "way">): Inlet {
  return way === "through" ? through : disk;
}
