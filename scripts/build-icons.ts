/**
 * Takes the icons that the pages use out of lucide-static (2,000 files, ISC licence) and writes their
 * shapes as one module, so that the single binary carries only these: `bun scripts/build-icons.ts`.
 */
const names = [
  "arrow-up-to-line",
  "ban",
  "check",
  "chevron-down",
  "chevron-up",
  "circle-alert",
  "circle-user",
  "clock",
  "contrast",
  "copy",
  "download",
  "external-link",
  "eye",
  "eye-off",
  "film",
  "folder-up",
  "hard-drive",
  "image",
  "image-up",
  "images",
  "key-round",
  "keyboard",
  "laptop",
  "link",
  "lock",
  "log-out",
  "mail",
  "monitor",
  "moon",
  "pause",
  "pencil",
  "play",
  "plus",
  "rotate-cw",
  "scroll-text",
  "search",
  "settings",
  "shield",
  "sun",
  "trash-2",
  "upload",
  "user-plus",
  "users",
  "video",
  "x",
];

const folder = new URL("../node_modules/lucide-static/icons/", import.meta.url);
const target = new URL("../views/parts/icon-shapes.ts", import.meta.url);

const lines = await Promise.all(
  names.map(async (name) => `  ${JSON.stringify(name)}:\n    ${JSON.stringify(await shapeOf(name))},`),
);
await Bun.write(
  target,
  [
    "// Written by scripts/build-icons.ts from lucide-static (ISC licence); add names there, not here.",
    "export const iconShapes = {",
    ...lines,
    "} as const;",
    "",
  ].join("\n"),
);

async function shapeOf(name: string): Promise<string> {
  const svg = await Bun.file(new URL(`${name}.svg`, folder)).text();
  const shape = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1];
  if (shape === undefined) throw new Error(`${name}.svg holds no <svg> element`);
  return shape.trim().replace(/>\s+</g, "><").replace(/ \/>/g, "/>");
}
