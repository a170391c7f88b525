/** Where the programs are; found once at start (`exec/find-tools.ts`), again after an update. */
export interface Tools {
  ffmpeg: string;
  ffprobe: string;
  /** Program and leading arguments, e.g. `["/opt/yt-dlp"]`; null where it is missing. */
  ytDlp: readonly string[] | null;
  /** For yt-dlp's `--js-runtimes`, e.g. `deno:/usr/bin/deno`; null where there is none. */
  jsRuntime: string | null;
}
