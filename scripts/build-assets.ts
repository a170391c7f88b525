/**
 * Bundles what browsers get: `public/` becomes `dist/assets/`, with the content's hash in every name, a
 * `manifest.json` (name → hashed file), and .br and .gz beside what is text. `bun scripts/build-assets.ts`.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = join(import.meta.dir, "..");
const scripts = ["app.ts", "player.ts", "uploads.ts"];
const icons = [
  "favicon.svg",
  "touch-icon.png",
  ...["icon", "icon-maskable"].flatMap((name) => [`${name}-192.png`, `${name}-512.png`]),
];
const copies = [...icons.map((name) => `public/icons/${name}`), "node_modules/plyr/dist/plyr.svg"];

if (import.meta.main) await buildAssets(join(root, "dist/assets"));

/** Writes the folder anew; a server that reads it meanwhile sees the old one or the new one. */
export async function buildAssets(folder: string): Promise<Record<string, string>> {
  const fresh = `${folder}.new-${process.pid}`;
  await mkdir(fresh, { recursive: true });
  const manifest: Record<string, string> = {};
  const write = async (name: string, bytes: Uint8Array) => {
    manifest[name] = hashedName(name, bytes);
    await writeWithCompressed(join(fresh, manifest[name]), bytes);
  };
  for (const [name, bytes] of await allAssets()) await write(name, bytes);
  await write("app.webmanifest", await describeApp(manifest));
  await Bun.write(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return manifest;
}

async function allAssets(): Promise<[name: string, bytes: Uint8Array][]> {
  const copied = copies.map(
    async (path) => [basename(path), await Bun.file(join(root, path)).bytes()] as [string, Uint8Array],
  );
  return [
    ...(await bundleScripts()),
    ["app.css", new TextEncoder().encode(squeeze(await inlineImports(join(root, "public/css/app.css"))))],
    ...(await Promise.all(copied)),
  ];
}

/** The installed app's manifest; its icons lie beside it, under the names that they got. */
async function describeApp(names: Record<string, string>): Promise<Uint8Array> {
  const app = (await Bun.file(join(root, "public/app.webmanifest")).json()) as { icons: { src: string }[] };
  for (const icon of app.icons) icon.src = names[icon.src] ?? icon.src;
  return new TextEncoder().encode(JSON.stringify(app));
}

async function bundleScripts(): Promise<[string, Uint8Array][]> {
  const result = await Bun.build({
    entrypoints: scripts.map((name) => join(root, "public", name)),
    target: "browser",
    format: "esm",
    minify: true,
  });
  return Promise.all(
    result.outputs.map(
      async (output) =>
        [basename(output.path), new Uint8Array(await output.arrayBuffer())] as [string, Uint8Array],
    ),
  );
}

/**
 * Puts imported style sheets where they are imported, each in its layer. Bun's own CSS bundler is not used:
 * it rewrites light-dark() and moves the statement that orders the layers to the end.
 */
async function inlineImports(path: string): Promise<string> {
  const pattern = /@import "([^"]+)"(?: layer\(([\w-]+)\))?;/g;
  const text = await Bun.file(path).text();
  let inlined = "";
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const [statement, from = "", layer] = match;
    const found = from.startsWith(".") ? join(dirname(path), from) : join(root, "node_modules", from);
    const content = await inlineImports(found);
    inlined += text.slice(done, match.index) + (layer ? `@layer ${layer} {\n${content}\n}` : content);
    done = match.index + statement.length;
  }
  return inlined + text.slice(done);
}

/** Comments and indentation go, strings stay as they are. */
function squeeze(css: string): string {
  return css.replace(
    /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\/\*[\s\S]*?\*\/|@charset [^;]*;|\s+/g,
    (_, string?: string) => string ?? " ",
  );
}

function hashedName(name: string, bytes: Uint8Array): string {
  const hash = new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 10);
  const extension = extname(name);
  return `${basename(name, extension)}-${hash}${extension}`;
}

async function writeWithCompressed(path: string, bytes: Uint8Array): Promise<void> {
  await Bun.write(path, bytes);
  if (path.endsWith(".png")) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await Bun.write(`${path}.br`, brotliCompressSync(bytes, { params }));
  await Bun.write(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
}
