import { loadConfig } from "../config.ts";
import { remakeAllPictures, remakePicturesOf } from "../features/videos/videos.ts";
import type { WhichPictures } from "../features/videos/videos.ts";
import { UsageError, readArgs } from "./terminal.ts";
import type { Command, Program } from "./terminal.ts";
import { fromCommandLine } from "./users-delete.ts";

const help = `homereel thumbnails regenerate VIDEO_ID…
homereel thumbnails regenerate --missing
homereel thumbnails regenerate --all

Takes thumbnails and poster again from the stored files: of the videos named, of all that lack a picture, or of all.
It is done by the server that runs, or by the next, after all that is new.`;

const options = {
  missing: { type: "boolean", default: false },
  all: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const thumbnailsCommand: Command = {
  async run(args, program) {
    const { values, positionals } = readArgs(args, options);
    const [action, ...ids] = positionals;
    if (values.help || action === undefined) return show(help);
    if (action !== "regenerate") throw new UsageError(`"thumbnails ${action}" is no command.\n\n${help}`);
    if (Number(values.missing) + Number(values.all) + Number(ids.length > 0) !== 1)
      throw new UsageError(`Name videos, or give --missing or --all.\n\n${help}`);
    const wish = ids.length > 0 ? ids : values.all ? "all" : "missing";
    const queued = await regenerate(program, values.config, wish);
    return show(values.json ? JSON.stringify({ queued }) : told(queued));
  },
};

/** It takes the whole program, whose jobs are made. Of how many videos. */
async function regenerate(
  { loadApp }: Program,
  configFile: string | undefined,
  wish: string[] | WhichPictures,
): Promise<number> {
  const { openApp } = await loadApp();
  const app = openApp(loadConfig(process.env, configFile).config);
  try {
    const deps = { ...app.deps, from: fromCommandLine };
    if (typeof wish === "string") return remakeAllPictures(deps, null, { only: wish });
    remakePicturesOf(deps, wish);
    return new Set(wish).size;
  } finally {
    await app.stop();
  }
}

function told(queued: number): string {
  if (queued === 0) return "There is nothing to make.";
  const videos = queued === 1 ? "1 video" : `${queued} videos`;
  return `The server makes the thumbnails of ${videos} again, when it runs.`;
}

function show(text: string): number {
  console.log(text);
  return 0;
}
