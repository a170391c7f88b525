import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { buildAssets } from "../../scripts/build-assets.ts";
import { type Assets, loadAssets } from "../../src/web/assets.ts";

let folder: string;
let manifest: Record<string, string>;
let assets: Assets;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "homereel-assets-")), "assets");
  manifest = await buildAssets(folder);
  assets = loadAssets(folder);
});

afterAll(() => rm(join(folder, ".."), { recursive: true }));

function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Response {
  const response = assets.respond(new Request(`http://localhost${path}`, { method, headers }), path);
  if (!response) throw new Error(`nothing at ${path}`);
  return response;
}

describe("building", () => {
  test("names files by their content, the same way each time", async () => {
    expect(Object.keys(manifest).toSorted()).toEqual(
      [
        "app.css",
        "app.js",
        "app.webmanifest",
        "favicon.svg",
        "icon-192.png",
        "icon-512.png",
        "icon-maskable-192.png",
        "icon-maskable-512.png",
        "player.js",
        "plyr.svg",
        "touch-icon.png",
        "uploads.js",
      ].toSorted(),
    );
    for (const file of Object.values(manifest)) expect(file).toMatch(/^[\w-]+-[0-9a-f]{10}\.\w+$/);
    expect(await buildAssets(folder)).toEqual(manifest);
  });

  test("leads from the app's manifest to icons that are there", async () => {
    const app = (await Bun.file(join(folder, manifest["app.webmanifest"] ?? "")).json()) as {
      icons: { src: string }[];
    };
    const there = await readdir(folder);
    for (const { src } of app.icons) expect(there).toContain(src);
  });

  test("puts what is the same, compressed, beside each text", async () => {
    const files = await readdir(folder);
    for (const file of Object.values(manifest).filter((name) => !name.endsWith(".png"))) {
      const bytes = await readFile(join(folder, file));
      expect(brotliDecompressSync(await readFile(join(folder, `${file}.br`))).equals(bytes)).toBe(true);
      expect(gunzipSync(await readFile(join(folder, `${file}.gz`))).equals(bytes)).toBe(true);
    }
    expect(files.some((name) => name.includes(".png."))).toBe(false);
  });

  test("makes one style sheet, with its layers ordered before anything is in them", async () => {
    const css = await readFile(join(folder, manifest["app.css"] ?? ""), "utf8");
    expect(css.trimStart()).toStartWith("@layer reset, tokens, base,");
    expect(css).not.toContain("@import");
    expect(css).not.toContain("/*");
    expect(css).toContain("light-dark(");
    expect(css).toContain(".plyr__");
  });

  test("keeps the script of every page small", async () => {
    const script = await readFile(join(folder, `${manifest["app.js"]}.br`));
    expect(script.byteLength).toBeLessThan(21_000);
  });
});

describe("serving", () => {
  test("sends the best encoding that is accepted", async () => {
    const path = assets.url("app.css");
    const bytes = await readFile(join(folder, manifest["app.css"] ?? ""));
    const answers = {
      "gzip, deflate, br": ["br", brotliDecompressSync],
      "gzip;q=0.5": ["gzip", gunzipSync],
      "br;q=0, gzip": ["gzip", gunzipSync],
      identity: [null, (body: Uint8Array) => Buffer.from(body)],
    } as const;
    for (const [accepted, [encoding, decode]] of Object.entries(answers)) {
      const response = ask(path, { "accept-encoding": accepted });
      expect(response.headers.get("content-encoding")).toBe(encoding);
      expect(response.headers.get("vary")).toBe("accept-encoding");
      const body = await response.bytes();
      expect(response.headers.get("content-length")).toBe(String(body.byteLength));
      expect(decode(body).equals(bytes)).toBe(true);
    }
  });

  test("lets browsers keep everything for ever, with its true type", () => {
    const types = {
      "app.js": "text/javascript; charset=utf-8",
      "favicon.svg": "image/svg+xml",
      "touch-icon.png": "image/png",
    };
    for (const [name, type] of Object.entries(types)) {
      const { headers } = ask(assets.url(name), { "accept-encoding": "br" });
      expect(headers.get("content-type")).toBe(type);
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
  });

  test("answers 304 to who has it already, for that encoding only", () => {
    const path = assets.url("app.js");
    const etag = ask(path, { "accept-encoding": "br" }).headers.get("etag") ?? "";
    expect(ask(path, { "accept-encoding": "br", "if-none-match": `"x", W/${etag}` }).status).toBe(304);
    expect(ask(path, { "accept-encoding": "gzip", "if-none-match": etag }).status).toBe(200);
  });

  test("answers HEAD without a body", async () => {
    const response = ask(assets.url("app.js"), {}, "HEAD");
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(0);
    expect(await response.text()).toBe("");
  });

  test.each(["/assets/", "/assets/manifest.json", "/assets/../package.json", "/assets/app.css", "/app.js"])(
    "has nothing at %s",
    (path) => {
      expect(assets.respond(new Request("http://localhost/"), path)).toBeNull();
    },
  );

  test("says what to run where nothing is built, and for a name that isn't there", () => {
    expect(() => loadAssets(join(folder, "nowhere"))).toThrow("scripts/build-assets.ts");
    expect(() => assets.url("nothing.js")).toThrow("scripts/build-assets.ts");
  });
});

test("colours have their place in tokens.css and nowhere else", async () => {
  const css = join(import.meta.dir, "../../public/css");
  for (const name of (await readdir(css)).filter((one) => one !== "tokens.css")) {
    const text = await readFile(join(css, name), "utf8");
    expect([
      name,
      text.match(/#[0-9a-f]{3,8}\b(?![^;{]*\{)|\b(?:rgb|hsl|oklch|oklab|light-dark)a?\(/gi),
    ]).toEqual([name, null]);
  }
});
