import type { Deps } from "../../../deps.ts";
import { keepWorkFolder } from "../../../exec/work-folder.ts";
import { freeBytes, headroomBytes, storageFull } from "../../../storage/free-space.ts";
import { LocalFile } from "../../../web/local-file.ts";
import { bodyLength, readBody, receiveBody } from "../../../web/receive-body.ts";
import { distrustFrom, relyOnArrived, workRoot } from "../arrived.ts";
import { findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";
import { sendParts } from "../through/send-parts.ts";
import { findTail, tailPath } from "../through/tail.ts";
import { verifyChecksum } from "./checksum.ts";
import type { Piece } from "./piece.ts";

type Needs = Pick<Deps, "arrivals" | "config" | "db" | "now">;

/** Takes a piece of an upload on its way into the bucket. What has come when it stops is kept. */
export async function receiveThrough(deps: Needs, upload: Upload, piece: Piece): Promise<void> {
  const { id, sizeBytes } = upload;
  const { request, checksum, allowance, rules } = piece;
  const partBytes = upload.partBytes ?? Infinity;
  await keepWorkFolder(workRoot(deps), id);
  // While the bucket is away nothing more comes than one piece.
  await sendParts(deps, id);
  const { path, length, offset } = endOf(deps, id);
  const comes = Math.min(bodyLength(request) ?? Infinity, sizeBytes - offset);
  const staysHere = checksum !== null || comes <= partBytes;
  if (freeBytes(deps) < headroomBytes + (staysHere ? comes : 2 * partBytes)) throw storageFull();
  if (checksum) {
    distrustFrom(deps, id, offset);
    await receiveBody(request, path, allowance, rules);
    await verifyChecksum(path, length, checksum);
    relyOnArrived(deps, id);
  } else if (staysHere) await receiveBody(request, path, allowance, rules);
  else await receiveAndSend(deps, upload, piece);
  await sendParts(deps, id);
}

/** Where the next byte goes. */
function endOf(deps: Needs, id: string) {
  const upload = findUpload(deps.db, id);
  const tail = upload && findTail(deps, upload);
  const begin = tail?.begin ?? upload?.storedBytes ?? 0;
  const length = tail?.sizeBytes ?? 0;
  return { path: tailPath(deps, id, begin), length, offset: begin + length };
}

/** Part after part: of a piece of any length only so much is here as makes one. */
async function receiveAndSend(deps: Needs, { id, partBytes }: Upload, piece: Piece): Promise<void> {
  const { request, allowance, rules } = piece;
  const open = () => {
    const { path, length } = endOf(deps, id);
    return { file: new LocalFile(path), length };
  };
  const most = partBytes ?? Infinity;
  let written = 0;
  let end: ReturnType<typeof open> | null = open();
  try {
    await readBody(request, rules, (chunk) => {
      written += chunk.length;
      if (written > allowance.mostBytes) throw allowance.exceeded();
      end ??= open();
      end.file.write(chunk);
      end.length += chunk.length;
      if (end.length < most) return;
      end.file.close();
      end = null;
      return sendParts(deps, id);
    });
  } finally {
    end?.file.close();
  }
}
