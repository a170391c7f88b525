import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { linePrefix } from "../../src/exec/ytdlp/args.ts";
import { type EntryItem, type FoundItem, parseLine, type ProgressStep } from "../../src/exec/ytdlp/lines.ts";
import { describeFound, type Said, trackProgress } from "../../src/exec/ytdlp/output.ts";

describe("parseLine", () => {
  test.each([
    "",
    "[download] 5%",
    "HR1",
    "HR1 ",
    "HR1 nonsense",
    "HR1 null",
    "HR1 []",
    "HR4 5",
    'HR3 {"status":1}',
    'HR1 {"title.:500": "cut',
  ])("%j is nothing of ours", (line) => expect(parseLine(line)).toBeNull());

  test("a field of the wrong kind counts as one that is not there", () => {
    const item = found({
      "title.:500": 5,
      duration: "long",
      is_live: "yes",
      formats: 1,
      "chapters.:200": [{ title: 1 }],
      vcodec: {},
    });
    expect(describeFound(saidOf(item))).toMatchObject({
      title: "Untitled",
      durationSeconds: null,
      isLive: false,
      chapters: [],
      videoCodec: null,
    });
  });

  test("whatever a site says, the description is bounded and plain", () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom(...fields), maxDepth: 1 }),
        fc.string({ unit: "binary" }),
        (object, text) => {
          const line = parseLine(
            linePrefix.found + JSON.stringify({ ...object, "title.:500": text, "description.:5000": text }),
          );
          if (line?.kind !== "found") throw new Error("not understood");
          const info = describeFound(saidOf(line.item));
          expect(info?.title).not.toMatch(/[\p{Cc}\u202e\u2066]/u);
          expect(info?.title.length).toBeGreaterThan(0);
          expect(info?.description).not.toMatch(/[^\P{Cc}\n]/u);
          expect(JSON.parse(JSON.stringify(info))).toEqual(info);
        },
      ),
    );
  });
});

describe("describeFound", () => {
  test("a video with everything", () => {
    const item = found({
      _type: "video",
      "id.:200": "abc",
      "title.:500": " A\n title\u202e ",
      extractor: "youtube",
      duration: 61.5,
      webpage_url: "https://www.youtube.com/watch?v=abc",
      thumbnail: "https://i.example/a.jpg",
      "description.:5000": "first\r\nsecond\u0007",
      "channel.:200": "Somebody",
      upload_date: "20260131",
      filesize_approx: 1000.7,
      width: 1920,
      height: 1080,
      vcodec: "avc1.640028",
      acodec: "none",
      "chapters.:200": [{ title: "Start", start_time: 0, end_time: 30 }],
      "subtitles_table.:20000": "Language Name Formats\nde Deutsch vtt\npt-BR vtt\nlive_chat json\n<b> vtt",
    });
    expect(describeFound(saidOf(item))).toEqual({
      title: "A title",
      extractor: "youtube",
      id: "abc",
      site: "youtube.com",
      durationSeconds: 61.5,
      sizeBytes: 1001,
      width: 1920,
      height: 1080,
      videoCodec: "avc1.640028",
      audioCodec: null,
      isLive: false,
      entries: null,
      thumbnailUrl: "https://i.example/a.jpg",
      description: "first\nsecond",
      webpageUrl: "https://www.youtube.com/watch?v=abc",
      uploader: "Somebody",
      uploadDate: "2026-01-31",
      chapters: [{ title: "Start", startSeconds: 0, endSeconds: 30 }],
      choices: [],
      subtitles: ["de", "pt-BR"],
      automaticSubtitles: [],
    });
  });

  test("entries of a playlist that lead anywhere but to the web are left out", () => {
    const links = ["https://a.example/1", "file:///etc/passwd", "javascript:alert(1)", "https://a.example/2"];
    const items = links.map((url) => entry({ _type: "url", url }));
    expect(describeFound(listOf(items))?.entries?.map(({ url }) => url)).toEqual([
      "https://a.example/1",
      "https://a.example/2",
    ]);
  });

  test("a playlist of one link is a playlist, one of one file is that video", () => {
    const link = entry({ _type: "url", url: "https://a.example/1" });
    expect(describeFound(listOf([link]))?.entries).toHaveLength(1);
    const file = { ...listOf([entry({ _type: "video" })]), video: found({ "title.:500": "It" }) };
    expect(describeFound(file)).toMatchObject({ title: "It", entries: null });
  });

  test("what is announced is live too", () => {
    expect(describeFound(saidOf(found({ live_status: "is_upcoming" })))?.isLive).toBe(true);
    expect(describeFound(saidOf(found({ live_status: "was_live" })))?.isLive).toBe(false);
    expect(describeFound(saidOf(null))).toBeNull();
  });
});

describe("trackProgress", () => {
  test("one file: bytes, rest and percent", () => {
    const track = trackProgress(1, null);
    expect(track(step({ downloaded_bytes: 25, total_bytes: 100, speed: 5.4, eta: 15 }))).toEqual({
      percent: 25,
      bytesDone: 25,
      bytesTotal: 100,
      bytesPerSecond: 5,
      secondsLeft: 15,
    });
    expect(track(step({ status: "finished", downloaded_bytes: 100, total_bytes: 100 }))).toMatchObject({
      percent: 100,
      secondsLeft: 0,
    });
  });

  test("picture and sound: the second part goes on where the first ended", () => {
    const track = trackProgress(2, 150);
    expect(track(step({ downloaded_bytes: 50, total_bytes: 100 }))).toMatchObject({
      percent: 25,
      bytesDone: 50,
      bytesTotal: 150,
    });
    track(step({ status: "finished", downloaded_bytes: 100, total_bytes: 100 }));
    expect(track(step({ downloaded_bytes: 25, total_bytes: 50 }))).toMatchObject({
      percent: 75,
      bytesDone: 125,
      bytesTotal: 150,
    });
  });

  test("pieces count, not what the first of them promises", () => {
    const track = trackProgress(1, null);
    const early = track(
      step({ downloaded_bytes: 1024, total_bytes_estimate: 1100, fragment_index: 1, fragment_count: 100 }),
    );
    expect(early.percent).toBe(1);
  });

  test("without a size there is no percentage", () => {
    expect(trackProgress(1, null)(step({ downloaded_bytes: 5 }))).toMatchObject({
      percent: null,
      bytesDone: 5,
      bytesTotal: null,
    });
  });

  test("never falls and never passes 100", () => {
    const amount = fc.option(fc.nat(1000), { nil: null });
    const steps = fc.array(
      fc.record({
        status: fc.constantFrom("downloading", "finished"),
        downloaded_bytes: amount,
        total_bytes: amount,
      }),
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3 }), (all, parts) => {
        const track = trackProgress(parts, null);
        const percents = all.map((one) => track(step(one)).percent ?? 0);
        expect(percents).toEqual(percents.toSorted((a, b) => a - b));
        expect(Math.max(0, ...percents)).toBeLessThanOrEqual(100);
      }),
    );
  });
});

const fields = [
  "_type",
  "url",
  "duration",
  "is_live",
  "thumbnail",
  "n_entries",
  "filesize",
  "width",
  "upload_date",
  "chapters.:200",
  "requested_formats.:.format_id",
];

function found(object: object): FoundItem {
  const line = parseLine(linePrefix.found + JSON.stringify(object));
  if (line?.kind !== "found") throw new Error("not understood");
  return line.item;
}

function saidOf(video: FoundItem | null): Said {
  return { video, playlist: null, entries: [] };
}

function listOf(entries: EntryItem[]): Said {
  const line = parseLine(linePrefix.playlist + JSON.stringify({ "title.:500": "List" }));
  if (line?.kind !== "playlist") throw new Error("not understood");
  return { video: null, playlist: line.playlist, entries };
}

function entry(object: object): EntryItem {
  const line = parseLine(linePrefix.entries + JSON.stringify([object, null, "nothing"]));
  if (line?.kind !== "entries" || !line.entries[0]) throw new Error("not understood");
  return line.entries[0];
}

function step(object: object): ProgressStep {
  const line = parseLine(linePrefix.progress + JSON.stringify({ status: "downloading", ...object }));
  if (line?.kind !== "progress") throw new Error("not understood");
  return line.step;
}
