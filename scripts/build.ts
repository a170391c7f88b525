// Builds the single binary: `npm run build` writes dist/homereel. It carries Bun, the app, the pages' assets and both
// native addons; besides it only ffmpeg and yt-dlp are needed.
import { cpSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");

if (import.meta.main) {
  const outfile = join(root, "dist/homereel");
  await buildBinary(outfile);
  console.log(`dist/homereel, ${(statSync(outfile).size / 1e6).toFixed(0)} MB`);
}

/** Needs dist/assets to be there and up to date. */
export async function buildBinary(outfile: string): Promise<void> {
  const stage = mkdtempSync(join(tmpdir(), "homereel-build-"));
  try {
    // Only the last part of an embedded folder's path is kept, and dist/ itself holds the binary too.
    cpSync(join(root, "dist/assets"), join(stage, "dist/assets"), { recursive: true });
    await Bun.build({
      // A worker is an entry of its own: `exec/ytdlp/release.ts` starts it by its place in the binary.
      entrypoints: [join(root, "src/main.ts"), join(root, "src/exec/ytdlp/download-worker.ts")],
      target: "bun",
      format: "esm",
      minify: true,
      bytecode: true,
      // What is loaded when it is used stays out of what is read at every start.
      splitting: true,
      compile: {
        outfile,
        assets: [join(stage, "dist")],
        // The folder in which somebody starts the binary has no say in how it runs.
        autoloadDotenv: false,
        autoloadBunfig: false,
      },
    });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}
