/**
 * Draws the icons of the installed app from `public/icons/favicon.svg`, in Chromium. Run by hand when the
 * drawing changes: `bun scripts/make-app-icons.ts`.
 */
import { join } from "node:path";
import { openBrowser } from "../tests/fixtures/browser.ts";

const folder = join(import.meta.dir, "../public/icons");
/** `--ground` of the dark theme, where a file can't name it. */
const ground = "#100e0c";

/** Maskable icons are cut to any shape inside; what counts lies in a circle of 80 % (W3C App Manifest §Icon masks). */
const icons = [
  { name: "icon-192", size: 192, share: 0.9, ground: "transparent" },
  { name: "icon-512", size: 512, share: 0.9, ground: "transparent" },
  { name: "icon-maskable-192", size: 192, share: 0.56, ground },
  { name: "icon-maskable-512", size: 512, share: 0.56, ground },
  { name: "touch-icon", size: 180, share: 0.6, ground },
];

const drawing = (await Bun.file(join(folder, "favicon.svg")).bytes()).toBase64();
const browser = await openBrowser();
for (const icon of icons) {
  const page = await browser.newPage({ viewport: { width: icon.size, height: icon.size } });
  const side = Math.round(icon.size * icon.share);
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${icon.ground}">
      <img width="${side}" height="${side}" src="data:image/svg+xml;base64,${drawing}">`,
  );
  await page.screenshot({ path: join(folder, `${icon.name}.png`), omitBackground: true });
  await page.close();
}
await browser.close();
