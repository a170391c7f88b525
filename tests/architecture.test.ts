import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { featureGraph, judgeImport, placeOf } from "./fixtures/house-rules.ts";
import { findCircle, importsSeenByBun, readImports } from "./fixtures/import-graph.ts";
import type { Import } from "./fixtures/import-graph.ts";

const root = join(import.meta.dir, "..");
const files = new Map(
  await Promise.all(
    [...new Bun.Glob("{src,views}/**/*.{ts,tsx}").scanSync(root)]
      .toSorted()
      .map(async (path) => [path, await Bun.file(join(root, path)).text()] as const),
  ),
);
const imports = [...files].flatMap(([path, source]) => readImports(path, source));

describe("the house", () => {
  test("was looked at", () => {
    expect(files.size).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter((one) => one.typeOnly).length).toBeGreaterThan(50);
  });

  test("no import was overlooked that Bun sees", () => {
    const overlooked = [...files].flatMap(([path, source]) => {
      const seen = new Set(readImports(path, source).map((one) => one.to));
      return importsSeenByBun(path, source)
        .filter((to) => !seen.has(to))
        .map((to) => `${path}: ${to}`);
    });
    expect(overlooked).toEqual([]);
  });

  test("every file has a place in it", () => {
    expect([...files.keys()].filter((path) => placeOf(path).room === "nowhere")).toEqual([]);
    const features = [...files.keys()].map((path) => placeOf(path).feature).filter((name) => name !== null);
    expect([...new Set(features)].filter((name) => !(name in featureGraph))).toEqual([]);
  });

  test("every import is an allowed one", () => {
    expect(imports.map(judgeImport).filter((why) => why !== null)).toEqual([]);
  });

  test("no files import each other in a circle", () => {
    expect(findCircle(edgesBetweenFiles(imports))).toBeNull();
  });

  test("no features know each other in a circle", () => {
    expect(findCircle(new Map(Object.entries(featureGraph)))).toBeNull();
  });
});

function edgesBetweenFiles(list: readonly Import[]): Map<string, string[]> {
  const edges = new Map<string, string[]>();
  for (const { from, to, typeOnly } of list) {
    if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  return edges;
}

describe("the reader of imports", () => {
  const source = `
    import { a } from "./a.ts";
    import type { B } from "./b.ts";
    import { type C, type D } from "../c.ts";
    import { type E, e } from "./e.ts";
    import f, * as g from 'pkg/f';
    import {
      h,
    } from "./h.ts";
    import "./side-effect.ts";
    export { i } from "./i.ts";
    export type { J } from "./j.ts";
    export * from "./k.ts";
    const l = await import("./l.ts");
    const m = require("m");
    // import { n } from "./n.ts";
    const text = 'from "./o.ts"';
  `;
  test("sees every form, and knows which are types only", () => {
    const seen = readImports("src/x/here.ts", source).map(
      (one) => `${one.to}${one.typeOnly ? " (type)" : ""}`,
    );
    expect(seen.toSorted()).toEqual(
      [
        "src/x/a.ts",
        "src/x/b.ts (type)",
        "src/c.ts (type)",
        "src/x/e.ts",
        "pkg/f",
        "src/x/h.ts",
        "src/x/side-effect.ts",
        "src/x/i.ts",
        "src/x/j.ts (type)",
        "src/x/k.ts",
        "src/x/l.ts",
        "m",
      ].toSorted(),
    );
  });

  test("Bun's scan sees values, to hold the reader against", () => {
    const seen = importsSeenByBun(
      "src/x/here.ts",
      `import { a } from "./a.ts"; import "./s.ts"; console.log(a);`,
    );
    expect(seen.toSorted()).toEqual(["src/x/a.ts", "src/x/s.ts"]);
  });
});

test("a circle is found, and a diamond is none", () => {
  expect(
    findCircle(
      new Map([
        ["a", ["b", "c"]],
        ["b", ["d"]],
        ["c", ["d"]],
      ]),
    ),
  ).toBeNull();
  expect(
    findCircle(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    ),
  ).toEqual(["b", "c", "b"]);
  expect(findCircle(new Map([["a", ["a"]]]))).toEqual(["a", "a"]);
});

describe("the rules refuse", () => {
  const bad: [string, string, "value" | "type", string][] = [
    ["src/lib/range.ts", "src/config.ts", "value", "lib may not import config"],
    ["src/lib/range.ts", "src/db/schema.ts", "type", "lib may not import types of db"],
    ["src/config.ts", "src/db/open.ts", "value", "config may not import db"],
    ["src/deps.ts", "src/db/open.ts", "value", "deps may not import db"],
    ["src/deps.ts", "src/features/videos/item.ts", "type", "deps may not import types of item"],
    ["src/queue/worker.ts", "src/features/videos/videos.ts", "value", "queue may not import door"],
    ["src/web/session.ts", "src/features/accounts/accounts.ts", "type", "web may not import types of door"],
    ["src/storage/disk.ts", "src/deps.ts", "type", "storage may not import types of deps"],
    ["src/web/page.ts", "views/layout.tsx", "value", "web may not import views"],
    ["src/queue/worker.ts", "drizzle-orm", "value", "SQL lives in"],
    ["src/features/videos/videos.ts", "drizzle-orm/sqlite-core", "type", "SQL lives in"],
    ["src/queue/store.ts", "better-sqlite3", "value", "only db/ opens"],
    ["src/features/videos/videos.ts", "migrations/0001_foundation.sql", "value", "only db/ reads migrations"],
    ["src/features/videos/item.ts", "src/web/page.ts", "value", "item may not import web"],
    [
      "src/features/videos/access.ts",
      "src/features/videos/queries.ts",
      "value",
      "pure may not import queries",
    ],
    ["src/features/videos/access.ts", "src/db/open.ts", "value", "pure may not import db"],
    ["src/features/videos/jobs.ts", "src/features/videos/ingest.ts", "value", "jobs may not import inner"],
    [
      "src/features/videos/queries.ts",
      "src/features/videos/videos.ts",
      "value",
      "queries may not import door",
    ],
    [
      "src/features/videos/videos.ts",
      "src/features/downloads/downloads.ts",
      "value",
      "no way from videos to downloads",
    ],
    ["src/features/videos/videos.ts", "src/features/admin/admin.ts", "value", "no way from videos to admin"],
    ["src/features/downloads/downloads.ts", "src/features/videos/queries.ts", "value", "by its door"],
    [
      "src/features/downloads/routes.tsx",
      "src/features/videos/videos.ts",
      "value",
      "routes stays in its own feature",
    ],
    [
      "src/features/videos/videos.ts",
      "src/features/videos/routes.tsx",
      "value",
      "door may not import routes",
    ],
    ["src/features/videos/videos.ts", "views/layout.tsx", "value", "door may not import views"],
    ["src/features/videos/videos.ts", "src/deps.ts", "value", "door may not import deps"],
    ["src/features/videos/api.ts", "views/layout.tsx", "value", "api may not import views"],
    [
      "src/features/videos/routes.tsx",
      "src/features/videos/queries.ts",
      "value",
      "routes may not import queries",
    ],
    ["src/features/videos/routes.tsx", "src/db/open.ts", "value", "routes may not import db"],
    ["src/features/songs/songs.ts", "src/features/videos/videos.ts", "value", 'does not know "songs"'],
    ["views/videos/card.tsx", "src/features/videos/videos.ts", "value", "views may not import door"],
    ["views/videos/card.tsx", "src/features/videos/item.ts", "value", "views may not import item"],
    ["views/videos/card.tsx", "src/web/page.ts", "type", "views may not import types of web"],
    ["src/cli/users.ts", "src/features/accounts/queries.ts", "value", "cli may not import queries"],
    ["src/cli/users.ts", "src/app.ts", "value", "cli may not import app"],
    ["src/web/page.ts", "src/app.ts", "type", "web may not import types of app"],
    ["src/app.ts", "src/main.ts", "value", "nothing imports main.ts"],
    ["src/main.ts", "src/features/videos/videos.ts", "value", "main may not import door"],
    ["src/features/videos/videos.ts", "src/features/accounts/audit/audit.ts", "value", "by its door"],
    ["src/features/videos/item.ts", "src/features/accounts/audit/accounts.ts", "value", "by its door"],
    [
      "src/features/downloads/cookies/rules.ts",
      "src/features/downloads/cookies/queries.ts",
      "value",
      "pure may not import queries",
    ],
    ["src/features/downloads/cookies/cookies.ts", "drizzle-orm", "value", "SQL lives in"],
    ["src/features/downloads/cookies/cookies.ts", "views/layout.tsx", "value", "inner may not import views"],
    ["src/features/downloads/cookies/jars/jar.ts", "src/lib/range.ts", "value", "has no place in the house"],
    ["src/helpers/misc.ts", "src/lib/range.ts", "value", "has no place in the house"],
    ["src/lib/range.ts", "src/utils.ts", "value", "has no place in the house"],
  ];
  test.each(bad)("%s importing %s (%s)", (from, to, what, why) => {
    expect(judgeImport({ from, to, typeOnly: what === "type" })).toContain(why);
  });
});
