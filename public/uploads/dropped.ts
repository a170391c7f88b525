/** What was chosen: files, and those of whole folders. */
export interface Chosen {
  files: File[];
  /** Of folders: what is neither film nor sound nor picture. */
  leftOut: number;
}

/** As the browser showed it while the event was handled. */
export interface Dropped {
  entries: (FileSystemEntry | null)[];
  files: File[];
}

/** The files of what was dropped, with those that lie in its folders. */
export async function filesOf({ entries, files }: Dropped): Promise<Chosen> {
  const folders = entries.filter((entry) => entry?.isDirectory) as FileSystemDirectoryEntry[];
  if (folders.length === 0) return { files, leftOut: 0 };
  const alone = entries.filter((entry) => entry?.isFile) as FileSystemFileEntry[];
  const plain = await Promise.all(alone.map(fileOf));
  const within = (await Promise.all(folders.map(filesIn))).flat();
  const media = within.filter(isMedia);
  return { files: [...plain, ...media], leftOut: within.length - media.length };
}

/** Of a folder that was picked, where the browser lists its files by itself. */
export function pickedFiles(files: readonly File[], isFolder: boolean): Chosen {
  const taken = isFolder ? files.filter(isMedia) : [...files];
  return { files: taken, leftOut: files.length - taken.length };
}

/** "" where all of it is taken. */
export function leftOutInWords({ files, leftOut }: Chosen): string {
  if (files.length === 0) return "There is nothing in it that could be uploaded.";
  if (leftOut === 0) return "";
  return leftOut === 1
    ? "1 file of another kind is left out."
    : `${leftOut} files of other kinds are left out.`;
}

const named = /\.(mkv|mov|avi|ts|m2ts|mts|flv|wmv|ogv|3gp|mp4|m4v|webm|mpg|mpeg|vob)$/i;

function isMedia(file: File): boolean {
  const { name, type } = file;
  // "._" begins what macOS keeps beside each file on foreign disks.
  return !name.startsWith(".") && (/^(video|audio)\//.test(type) || named.test(name) || isPicture(file));
}

/** Systems that know no HEIC give no type for it: what telephones take comes without one there. */
export function isPicture({ name, type }: Pick<File, "name" | "type">): boolean {
  return type.startsWith("image/") || (type === "" && /\.(heic|heif|avif)$/i.test(name));
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  // It gives a hundred at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    found.push(...some);
  }
  const inner = await Promise.all(
    found.map(async (entry) =>
      entry.isDirectory
        ? filesIn(entry as FileSystemDirectoryEntry)
        : [await fileOf(entry as FileSystemFileEntry)],
    ),
  );
  return inner.flat();
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
