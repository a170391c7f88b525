import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { assetRoot, isCompiled } from "../lib/asset-root.ts";

export interface Assets {
  /** Where the browser finds "app.css" or "plyr.svg"; throws for a name that was not built. */
  url(name: string): string;
  /** Answers GET and HEAD of a path below `/assets/`; null where there is no such file. */
  respond(request: Request, path: string): Response | null;
}

const base = "/assets/";
const howToBuild = 'run "bun scripts/build-assets.ts"';

let shared: Assets | undefined;

/** The bundled files of this program, read when they are first asked for and then kept in memory. */
export function assets(): Assets {
  return (shared ??= loadAssets());
}

export function assetUrl(name: string): string {
  return assets().url(name);
}

/** Files and `manifest.json` (name → hashed file) as `scripts/build-assets.ts` wrote them. */
export function loadAssets(folder = assetRoot()): Assets {
  const manifestPath = join(folder, "manifest.json");
  if (!existsSync(manifestPath)) throw new Error(`The browser's files are not built: ${howToBuild}.`);
  if (!isCompiled) warnIfOld(manifestPath, join(folder, "../../public"));
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Record<string, string>;
  // Only what the manifest names is served: a path can't lead anywhere else.
  const files = new Set(Object.values(manifest));
  const bodies = new Map<string, Uint8Array<ArrayBuffer> | null>();

  const bodyOf = (file: string): Uint8Array<ArrayBuffer> | null => {
    let body = bodies.get(file);
    if (body === undefined) {
      const path = join(folder, file);
      body = existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
      bodies.set(file, body);
    }
    return body;
  };

  return {
    url(name) {
      const file = manifest[name];
      if (file === undefined) throw new Error(`There is no asset "${name}": ${howToBuild}.`);
      return base + file;
    },
    respond(request, path) {
      const file = path.startsWith(base) ? path.slice(base.length) : "";
      if (!files.has(file)) return null;
      const [encoding, body] = chooseBody(request.headers.get("accept-encoding") ?? "", file, bodyOf);
      return body && answer(request, file, encoding, body);
    },
  };
}

const suffixes = { br: ".br", gzip: ".gz" } as const;
type Encoding = keyof typeof suffixes | null;

function chooseBody(
  accepted: string,
  file: string,
  bodyOf: (file: string) => Uint8Array<ArrayBuffer> | null,
): [Encoding, Uint8Array<ArrayBuffer> | null] {
  for (const encoding of ["br", "gzip"] as const) {
    const body = accepts(accepted, encoding) ? bodyOf(file + suffixes[encoding]) : null;
    if (body) return [encoding, body];
  }
  return [null, bodyOf(file)];
}

/** RFC 9110 §12.5.3, as far as it matters between three choices: named, and not refused with q=0. */
function accepts(header: string, encoding: string): boolean {
  return header.split(",").some((part) => {
    const [name, ...parameters] = part.split(";").map((one) => one.trim().toLowerCase());
    return name === encoding && !parameters.some((one) => /^q=0(\.0+)?$/.test(one));
  });
}

function answer(request: Request, file: string, encoding: Encoding, body: Uint8Array<ArrayBuffer>): Response {
  const etag = `"${file}${encoding ? `-${encoding}` : ""}"`;
  const headers = new Headers({
    "cache-control": "public, max-age=31536000, immutable",
    vary: "accept-encoding",
    etag,
  });
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  if (known.some((one) => one.trim().replace(/^W\//, "") === etag)) {
    return new Response(null, { status: 304, headers });
  }
  headers.set("content-type", types[extname(file)] ?? "application/octet-stream");
  headers.set("content-length", String(body.byteLength));
  if (encoding) headers.set("content-encoding", encoding);
  return new Response(request.method === "HEAD" ? null : body, { headers });
}

const types: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

function warnIfOld(manifestPath: string, sources: string): void {
  if (!existsSync(sources)) return;
  const built = statSync(manifestPath).mtimeMs;
  const changed = readdirSync(sources, { recursive: true, encoding: "utf8" }).some(
    (name) => statSync(join(sources, name)).mtimeMs > built,
  );
  if (changed) process.emitWarning(`The browser's files are older than their sources: ${howToBuild}.`);
}
