import type { BrowserContext, Page } from "playwright-core";

type File = [name: string, bytes: number];

const files: File[] = [
  ["Harbour at dawn.mp4", 3e5],
  ["Slides of the talk.mp4", 1e5],
  ["Birthday, everybody at the long table.mov", 38e6],
  ["Sledging down the hill.mp4", 31e6],
  ["Snow, the first of it.mp4", 9e6],
];

/** Files on their way: one there, one refused, two running of which one is paused, one that waits. */
export async function showUploads(page: Page): Promise<void> {
  await answerSlowly(page.context());
  await drag(page, "drop", files);
  // On a phone the list comes folded.
  const folded = page.locator("#uploads [data-act=fold][aria-expanded=false]");
  await page.locator("#uploads").waitFor();
  if ((await folded.count()) > 0) await folded.click();
  const row = (name: string) => page.locator(".upload", { hasText: name });
  await row("Sledging").getByText(/ left/).waitFor();
  await row("Sledging").locator("[data-act=pause]").click();
  await row("Birthday").getByText(/ left/).waitFor();
}

export async function showDropTarget(page: Page): Promise<void> {
  await drag(page, "dragover", files.slice(0, 1));
  await page.locator("#drop-target:popover-open").waitFor();
}

export async function showChosenFiles(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Add", exact: true }).click();
  await drag(page, "drop", files.slice(2, 4), "#add-dialog textarea");
  await page.locator(".staged-name").first().waitFor();
}

async function drag(page: Page, kind: string, files: File[], over = "body"): Promise<void> {
  await page.evaluate(
    ({ kind, files, over }) => {
      const dataTransfer = new DataTransfer();
      for (const [name, bytes] of files)
        dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type: "video/mp4" }));
      const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector(over)?.dispatchEvent(event);
    },
    { kind, files, over },
  );
}

/** Instead of the server, which would be done before the picture is taken. */
async function answerSlowly(context: BrowserContext): Promise<void> {
  const offsets = new Map<string, number>();
  await context.route("**/api/v1/uploads**", async (route) => {
    const request = route.request();
    const id = new URL(request.url()).pathname.split("/").at(-1) ?? "";
    const upload = request.headers()["upload-length"];
    switch (request.method()) {
      case "POST": {
        if (upload === "100000") return route.fulfill(refusal);
        const headers = { location: `/api/v1/uploads/${upload}`, "tus-resumable": "1.0.0" };
        return route.fulfill({ status: 201, headers });
      }
      case "PATCH": {
        const bytes = request.postDataBuffer()?.length ?? 0;
        if (bytes > 1e6) await Bun.sleep(900);
        offsets.set(id, (offsets.get(id) ?? 0) + bytes);
        return route.fulfill({ status: 204, headers: { "upload-offset": String(offsets.get(id)) } });
      }
      default:
        return route.fulfill({ json: { video: null, items: [], state: "done", video_id: null } });
    }
  });
}

const refusal = {
  status: 422,
  contentType: "application/problem+json",
  json: { title: "This file is no video.", detail: "Choose the file that the camera or the editor made." },
};
