import { describe, expect, test } from "bun:test";
import { optionsOf, shownOptions, wishesOf } from "../../src/features/downloads/adding/fields.ts";
import { partOfPlaylist } from "../../src/features/downloads/preview/plan.ts";
import { optionsSchema, usualOptions } from "../../src/lib/download-options.ts";

const full = {
  urls: ["https://example.org/list"],
  preset: ["720p"],
  delivery: ["hls"],
  subtitles: ["de", "en"],
  automatic_subtitles: ["1"],
  embed: ["chapters"],
  sponsorblock: ["cut"],
  clip_from: ["0:30"],
  clip_to: ["1:02:03"],
  force_long: ["1"],
};

describe("the form's fields become what a download takes", () => {
  test("all of them", () => {
    expect(optionsSchema.parse(optionsOf(full))).toEqual({
      preset: "720p",
      delivery: "hls",
      subtitles: ["de", "en"],
      automatic_subtitles: true,
      embed: ["chapters"],
      sponsorblock: "cut",
      clip_from: 30,
      clip_to: 3723,
      live_from_start: false,
    });
    expect(wishesOf(full, () => usualOptions)).toMatchObject({ force_long: true, items: null });
    expect(shownOptions(full)).toMatchObject({ preset: "720p", subtitles: ["de", "en"], clip_from: 30 });
  });

  test("of a form without them nothing is said, so that the person's default counts", () => {
    const wishes = wishesOf({ urls: ["https://example.org"] }, () => usualOptions);
    expect(wishes).toMatchObject({ options: undefined, visibility: undefined, force_long: false });
    expect(shownOptions({ urls: [""] })).toBeNull();
  });

  test("the quality that was picked in the preview wins, over the form and over the default", () => {
    const picked = { quality: ["mp3"] };
    expect(wishesOf({ ...full, ...picked }, () => usualOptions).options).toMatchObject({ preset: "mp3" });
    const own = { ...usualOptions, subtitles: ["fr" as const] };
    expect(wishesOf(picked, () => own).options).toEqual({ ...own, preset: "mp3" });
  });

  test("a time that is none is refused, and the form still shows", () => {
    const fields = { ...full, clip_from: ["soon"] };
    expect(() => optionsOf(fields)).toThrow(expect.objectContaining({ field: "clip_from" }));
    expect(shownOptions(fields)).toMatchObject({ preset: "720p" });
  });

  test("videos of a playlist are chosen of what was looked at, and of nothing else", () => {
    const items = (more: Record<string, string[]>) =>
      wishesOf({ ...full, ...more }, () => usualOptions).items;
    const seen = { looked_at: full.urls };
    expect(items({ ...seen, items: ["1-3"] })).toBe("1-3");
    expect(items({ looked_at: ["https://example.org/other"], items: ["1-3"] })).toBeNull();
    expect(items({ ...seen, playlist: ["1"] })).toBe("1-");
    expect(items(seen)).toBeNull();
    expect(() => items({ ...seen, items: [" "] })).toThrow("No video of the playlist is chosen.");
  });
});

describe("a part of a playlist", () => {
  const entries = Array.from({ length: 1001 }, (_, i) => ({
    url: `https://example.org/${i + 1}`,
    title: i % 2 === 0 ? `Even Tales ${i + 1}` : `Odd ${i + 1}`,
    durationSeconds: null,
  }));
  const part = (wishes: { filter?: string; page?: number; limit?: number }) =>
    partOfPlaylist(entries, { filter: "", page: 1, limit: 2000, ...wishes });

  test("is a page of those that have all words of the filter", () => {
    const { entries: shown, ...counts } = part({ filter: "  tales   EVEN 10" });
    expect(shown.map(({ n }) => n)).toEqual([101, 103, 105, 107, 109, 1001]);
    expect(counts).toEqual({
      count: 1001,
      isCut: false,
      passing: 6,
      passingNumbers: "101,103,105,107,109,1001",
      page: 1,
      pages: 1,
    });
  });

  test("never more than two hundred, and behind the last page comes the last", () => {
    expect(part({}).entries).toHaveLength(200);
    expect(part({ page: 99 })).toMatchObject({ page: 6, pages: 6, passingNumbers: "1-1001" });
    expect(part({ page: 99 }).entries).toHaveLength(1);
    expect(part({ filter: "nothing" })).toMatchObject({ passing: 0, pages: 1, entries: [] });
  });

  test("says where more may follow", () => {
    expect(part({ limit: 1001 }).isCut).toBe(true);
    expect(part({ limit: 1002 }).isCut).toBe(false);
  });
});
