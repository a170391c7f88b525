import { copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { isSvg, svgHeadBytes } from "../../exec/pictures/look.ts";
import { makePictures } from "../../exec/pictures.ts";
import type { MadePicture } from "../../exec/pictures.ts";
import { withWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { newId } from "../../lib/ids.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import { cleanText } from "../../lib/text.ts";
import { keys } from "../../storage/keys.ts";
import type { ReceivePicture } from "../../web/receive-picture.ts";
import { discardFiles } from "../removals/removals.ts";
import { requireQuota } from "../space/space.ts";
import { findImageBySum, insertImage } from "./queries.ts";
import type { ImageFile, NewImage } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db" | "now" | "queue" | "storage" | "tools">;

/** Of the smaller ones, for pages: a grid on a telephone, one on a screen, and half a large screen. */
const widths = [320, 640, 1280];

/**
 * What somebody sent becomes an image: returns its id, and whether it is new. The same bytes of the same person are
 * the image that is there. Throws what `makePictures` does, and `quota_exceeded`.
 */
export async function addImageNow(
  deps: Needs,
  owner: User,
  receive: ReceivePicture,
  signal?: AbortSignal,
): Promise<{ id: string; isNew: boolean }> {
  const { config, db } = deps;
  return withWorkFolder(dataFolder.work(config.data.dir), "image", async (folder) => {
    const path = join(folder, "arrived");
    const sent = await receive(path);
    const sha256 = await sha256OfFile(path, signal);
    const known = findImageBySum(db, owner.id, sha256);
    if (known) return { id: known.id, isNew: false };
    // How much it will take is known once it is made; where nothing is left, that is not worth the work.
    requireQuota(deps, owner, 1);
    const { image, smaller } = await develop(deps, path, folder, signal);
    const id = newId();
    const { mime, width, height, sizeBytes } = image;
    const filename = cleanText(sent.filename, 255) || "picture";
    const row = { id, ownerId: owner.id, filename, mime, width, height, sizeBytes, sha256 };
    return store(deps, owner, row, [{ ...image, width: 0 }, ...smaller]);
  });
}

/** An SVG is a document, which may hold scripts: it is kept as it came, and never shown by us. */
async function develop(
  { config, tools }: Needs,
  path: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<{ image: MadePicture; smaller: MadePicture[] }> {
  const { max_megapixels: megapixels, quality } = config.images;
  if (!isSvg(await Bun.file(path).slice(0, svgHeadBytes).bytes()))
    return makePictures({ tools }, path, folder, { megapixels, quality, widths, signal });
  const copy = join(folder, "image.svg");
  await copyFile(path, copy);
  const svg = { path: copy, mime: "image/svg+xml", extension: "svg", width: 0, height: 0 };
  return { image: { ...svg, sizeBytes: (await stat(path)).size }, smaller: [] };
}

/** The bytes first, and then the rows that say so; nothing stays of what was stored where that fails. */
async function store(
  deps: Needs,
  owner: User,
  image: Omit<NewImage, "createdAt">,
  made: MadePicture[],
): Promise<{ id: string; isNew: boolean }> {
  const { db, now, storage } = deps;
  const files: ImageFile[] = [];
  try {
    for (const one of made) {
      const name = one.width === 0 ? image.id : `${image.id}-${one.width}`;
      const file = await fileRow(deps, image.id, keys.image(name, one.extension), one);
      files.push(file);
      await storage.putFile(file.key, one.path);
    }
    return db.transaction(
      () => {
        // Sent twice at the same time, perhaps.
        const known = findImageBySum(db, image.ownerId, image.sha256);
        if (known) discardFiles(deps, files);
        else {
          requireQuota(deps, owner, sumOf(files));
          insertImage(db, { ...image, createdAt: now() }, files);
        }
        return { id: known?.id ?? image.id, isNew: !known };
      },
      { behavior: "immediate" },
    );
  } catch (error) {
    db.transaction(() => discardFiles(deps, files));
    throw error;
  }
}

function sumOf(files: readonly ImageFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function fileRow(
  { now, storage }: Needs,
  imageId: string,
  key: string,
  { path, mime, width }: MadePicture,
): Promise<ImageFile> {
  const [sha256, { size: sizeBytes }] = await Promise.all([sha256OfFile(path), stat(path)]);
  return { imageId, width, storage: storage.name, key, mime, sizeBytes, sha256, createdAt: now() };
}
