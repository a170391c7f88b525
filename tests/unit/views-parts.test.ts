import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DownloadState, VideoState } from "../../src/db/schema.ts";
import type { DownloadItem, PreviewItem } from "../../src/features/downloads/item.ts";
import { canPassLater, type ErrorCode } from "../../src/lib/errors.ts";
import { DownloadRow } from "../../views/downloads/page.tsx";
import { Previews } from "../../views/downloads/preview.tsx";
import { DownloadGroups } from "../../views/downloads/queue.tsx";
import {
  LiveCard,
  LiveCardRemoval,
  LiveMineRow,
  LivePlayer,
  LiveQueue,
  LiveRow,
  LiveTray,
} from "../../views/live.tsx";
import { iconShapes } from "../../views/parts/icon-shapes.ts";
import { VideoCard } from "../../views/videos/card.tsx";
import { resolutionOf } from "../../views/videos/facts.ts";
import { hostile, makeDownload, makeFound, makeVideo, page, progress, unknownVideo } from "./views-data.ts";
import { elementsOf, render, withTag } from "./views-html.ts";

const id = "0190a0b0-0000-7000-8000-000000000001";

describe("a card", () => {
  const card = (values: Parameters<typeof makeVideo>[0], at = progress as typeof progress | null) =>
    render(VideoCard({ page, video: makeVideo(values), progress: at }));

  test("of a ready video plays on a click and is a link without scripts", async () => {
    const elements = await elementsOf(await card({}));
    const link = elements.find(({ attributes }) => attributes.has("data-play"));
    expect(link?.attributes.get("href")).toBe(`/videos/${id}`);
    expect(link?.attributes.get("data-play")).toBe(`/videos/${id}/stream?v=aaaaaaaa`);
    expect(link?.attributes.get("data-poster")).toBe(`/thumbnails/${id}/poster.jpg?v=1000`);
  });

  test("shows the second picture and walks through all of them", async () => {
    const [picture] = withTag(await elementsOf(await card({})), "img");
    expect(picture?.attributes.get("src")).toBe(`/thumbnails/${id}/2.jpg?v=1000`);
    expect(picture?.attributes.get("data-frames")?.split(" ")).toHaveLength(3);
  });

  test("draws a placeholder where there is no picture", async () => {
    const html = await card({ thumbnails: [] });
    expect(html).not.toContain("<img");
    expect(html).toContain('class="placeholder"');
  });

  test.each<[VideoState, typeof progress | null, string]>([
    ["PENDING", null, "Waiting"],
    ["PROCESSING", progress, "Downloading 64 %"],
    ["PROCESSING", null, "Processing"],
    ["FAILED", null, "Failed"],
  ])("of a video that is %s says so, and can't be played", async (state, at, words) => {
    const html = await card(
      { ...unknownVideo, state, error: { code: "x", message: "It is gone.", hint: "", retryable: true } },
      at,
    );
    expect(html).toContain(words);
    expect(html).not.toContain("data-play");
    expect(html.includes("It is gone.")).toBe(state === "FAILED");
  });
});

test.each<[string, Partial<DownloadItem>, boolean]>([
  ["may pass", { state: "failed", error: failure("site_unreachable") }, true],
  ["a later version wrote", { state: "failed", error: failure("of_next_year") }, true],
  ["fails again as things are", { state: "failed", error: failure("video_gone") }, false],
  ["can never pass", { state: "failed", error: failure("not_a_video") }, false],
  ["was cancelled", { state: "cancelled" }, false],
])(
  "a queue with nothing but what %s offers to retry it all where that helps",
  async (_, facts, isOffered) => {
    const failed = [makeDownload(facts)];
    const groups = { running: [], waiting: [], failed, done: [], isPaused: false, hasPaused: false };
    const counts = { running: 0, waiting: 0, failed: 1 };
    const html = await render(DownloadGroups({ page, groups: { ...groups, counts } }));
    expect(html.includes("Retry all failed")).toBe(isOffered);
  },
);

function failure(code: string) {
  const retryable = canPassLater(code);
  return { code, message: "It is gone.", hint: "Look elsewhere.", remedy: null, retryable };
}

describe("a download's row", () => {
  test.each<[DownloadState, string[], string[]]>([
    ["waiting", ["Cancel"], ["Try again", "Remove", "Watch"]],
    ["fetching", ["Cancel", "64 %", "12 MB of 30 MB", "2.1 MB/s", "2 min left"], ["Try again", "Remove"]],
    ["failed", ["Try again", "Remove", "It is gone.", "Look elsewhere."], ["Cancel"]],
    ["cancelled", ["Try again", "Remove"], ["Watch"]],
    ["done", ["Watch"], ["Cancel", "Try again", "Remove"]],
  ])("that is %s offers what makes sense", async (state, has, hasNot) => {
    const error = state === "failed" ? failure("x") : null;
    const html = await render(DownloadRow({ page, download: makeDownload({ state, error, progress }) }));
    for (const words of has) expect(html).toContain(words);
    for (const words of hasNot) expect(html).not.toContain(words);
  });

  /** What its buttons say, in their order, and which of them are no more than hinted at. */
  const offers = async (code: string, role: "admin" | "user" | "viewer") => {
    const download = makeDownload({ state: "failed", url, error: failure(code) });
    const viewer = { ...page, user: page.user && { ...page.user, role } };
    const html = await render(DownloadRow({ page: viewer, download }));
    const buttons = html.matchAll(/<(?:a|button)[^>]*class="button ([^"]*)"[^>]*>(.*?)<\/(?:a|button)>/g);
    return [...buttons].map(([button, kind = "", inner = ""]) => {
      const words = /aria-label="([^":]*)/.exec(button)?.[1] ?? inner.replaceAll(/<[^>]*>/g, "");
      return kind.startsWith("quiet") ? `(${words})` : words;
    });
  };
  const url = "https://www.example.org/watch";
  const trying = ["Try again", "(Remove)"];
  const removing = ["Remove", "(Try again anyway)"];

  test.each<[ErrorCode | "of_next_year", string[], string[]]>([
    ["site_unreachable", [], trying],
    ["live_stream", [], trying],
    ["of_next_year", [], trying],
    ["needs_cookies", ["Add cookies"], trying],
    ["site_refused", ["Add cookies"], trying],
    ["tool_outdated", ["Update yt-dlp"], trying],
    ["address_not_allowed", [], removing],
    ["video_gone", [], removing],
    ["video_private", [], removing],
    ["geo_blocked", [], removing],
    ["unsupported_page", ["Update yt-dlp"], removing],
    ["not_a_video", [], ["Remove"]],
    ["too_long", [], ["Remove"]],
    ["too_large", [], ["Remove"]],
  ])("that failed with %s offers %p to admins and %p to whoever may add", async (code, admins, all) => {
    expect(await offers(code, "admin")).toEqual([...admins, ...all]);
    expect(await offers(code, "user")).toEqual(all);
    expect(await offers(code, "viewer")).toEqual([]);
  });

  test("that found no space leads everybody to where some can be made", async () => {
    for (const role of ["admin", "user"] as const)
      expect(await offers("storage_full", role)).toEqual(["Free space", ...trying]);
  });

  test.each([
    ["needs_cookies", "/admin/cookies?site=www.example.org"],
    ["tool_outdated", "/admin/tools"],
    ["quota_exceeded", "/mine"],
  ])("that failed with %s leads to %s", async (code, href) => {
    const download = makeDownload({ state: "failed", url, error: failure(code) });
    const links = withTag(await elementsOf(await render(DownloadRow({ page, download }))), "a");
    const hrefs = links
      .filter(({ attributes }) => attributes.get("class")?.startsWith("button"))
      .map(({ attributes }) => attributes.get("href"));
    expect(hrefs).toEqual([href]);
  });
});

describe("a preview", () => {
  const url = "https://example.org/watch";
  const shown = { lookedAt: url, preset: "best", chosen: null, limit: 1000, filter: "" } as const;
  const html = (items: PreviewItem[], role: "admin" | "user" = "user") =>
    render(
      Previews({
        page: { user: page.user && { ...page.user, role } },
        shown: { ...shown, items, wholeList: false, isRow: false },
      }),
    );

  test("of what there is no space for leads to where some can be made, alone and among others", async () => {
    const fits = { url, error: null, found: makeFound() };
    const space = { needed: 9_000_000_000, free: 1_000_000_000, isEnough: false };
    const item = { ...fits, found: makeFound({ space }) };
    for (const items of [[item], [fits, item]]) {
      const elements = await elementsOf(await html(items));
      const links = withTag(elements, "a").map(({ attributes }) => attributes.get("href"));
      expect(links).toEqual(["/mine"]);
      expect(await html(items)).toContain("There is not enough space.");
    }
    expect(await html([fits])).not.toContain("Free space");
  });

  test("that failed has the ways of a failed download, and nothing to remove", async () => {
    const error = { code: "unsupported_page", message: "No video.", hint: "", remedy: null };
    const items = [{ url, error, found: null }];
    expect(await html(items)).not.toContain('class="button');
    expect(await html(items, "admin")).toContain("Update yt-dlp");
    expect(await html(items, "admin")).not.toContain("Remove");
  });
});

describe("a live message", () => {
  const video = makeVideo({ title: hostile, state: "PROCESSING" });
  const download = makeDownload({ title: hostile });
  const groups = {
    running: [download],
    waiting: [],
    failed: [],
    done: [],
    counts: { running: 1, waiting: 0, failed: 0 },
    isPaused: false,
    hasPaused: false,
  };
  const messages = {
    card: LiveCard({ page, video, progress }),
    removal: LiveCardRemoval({ videoId: id }),
    row: LiveRow({ page, download }),
    queue: LiveQueue({ page, groups }),
    player: LivePlayer({ page, video: { ...video, replacingSince: 1 }, progress, canEdit: true }),
    mine: LiveMineRow({ page, video, progress, same: { id: "older", title: "The same" } }),
    tray: LiveTray({ running: 2 }),
  };

  test.each(Object.entries(messages))(
    "(%s) serves every listener: no nonce, nothing for htmx inside",
    async (_, node) => {
      const html = await render(node);
      // Text beside the partials would be swapped into the element that holds the connection.
      expect(html).toMatch(/^(<hx-partial [^>]*>((?!<\/?hx-partial)[\s\S])*<\/hx-partial>)+$/);
      expect(html).not.toContain("nonce");
      for (const { tag, attributes } of await elementsOf(html)) {
        const names = [...attributes.keys()].filter((name) => name.startsWith("hx-"));
        expect([tag, names]).toEqual([tag, tag === "hx-partial" ? ["hx-target", "hx-swap"] : []]);
      }
    },
  );

  test("puts a card in only where it is not yet, and morphs it where it is", async () => {
    const [insert, morph] = withTag(await elementsOf(await render(messages.card)), "hx-partial");
    expect(insert?.attributes.get("hx-swap")).toBe("afterbegin");
    expect(insert?.attributes.get("hx-target")).toBe(`#cards[data-takes-new]:not(:has(#video-${id}))`);
    expect(morph?.attributes.get("hx-swap")).toBe("outerMorph");
    expect(morph?.attributes.get("hx-target")).toBe(`#video-${id}`);
  });
});

test.each<[number | null, number | null, string | null]>([
  [1920, 1080, "1080p"],
  [1080, 1920, "1080p"],
  [3840, 2160, "4K"],
  [7680, 4320, "8K"],
  [null, 1080, null],
])("%p × %p is called %p", (width, height, name) => {
  expect(resolutionOf({ width, height })).toBe(name);
});

test("only icons that are used are carried along", () => {
  const views = join(import.meta.dir, "../../views");
  const sources = readdirSync(views, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .map((name) => readFileSync(join(views, name), "utf8"))
    .join("\n");
  expect(Object.keys(iconShapes).filter((name) => !sources.includes(`"${name}"`))).toEqual([]);
});
