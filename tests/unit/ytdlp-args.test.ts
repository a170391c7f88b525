import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ArgsInput, buildFetchArgs, buildProbeArgs } from "../../src/exec/ytdlp/args.ts";
import {
  deliveries,
  type DownloadOptions,
  embeds,
  optionsSchema,
  presets,
  sponsorBlock,
  subtitleLanguages,
  usualOptions,
} from "../../src/lib/download-options.ts";

const input: ArgsInput = {
  url: new URL("https://example.com/watch?v=--exec"),
  proxyUrl: "http://pass:secret@127.0.0.1:9",
  programFolder: "/programs",
  jsRuntime: "deno:/deno",
  options: usualOptions,
  maxEntries: 10,
};

describe("the arguments", () => {
  test("end with the link, which can't be taken for an option", () => {
    expect(buildFetchArgs(input).slice(-2)).toEqual(["--", "https://example.com/watch?v=--exec"]);
    expect(buildProbeArgs(input).slice(-2)).toEqual(["--", "https://example.com/watch?v=--exec"]);
  });

  test("read nothing that lies around and go through the guard", () => {
    for (const args of [buildFetchArgs(input), buildProbeArgs(input)]) {
      expect(args).toEqual(
        expect.arrayContaining(["--ignore-config", "--no-plugin-dirs", "--no-cache-dir", "--no-exec"]),
      );
      expect(after(args, "--proxy")).toBe(input.proxyUrl);
      expect(after(args, "--ffmpeg-location")).toBe("/programs");
      expect(after(args, "--js-runtimes")).toBe("deno:/deno");
      expect(args.indexOf("--no-js-runtimes")).toBeLessThan(args.indexOf("--js-runtimes"));
    }
  });

  test("a probe only looks and writes nothing, a download does", () => {
    expect(buildProbeArgs(input)).toContain("--skip-download");
    expect(buildProbeArgs(input).filter((arg) => arg.startsWith("--write"))).toEqual([]);
    expect(buildFetchArgs(input)).not.toContain("--skip-download");
  });

  test("without a JavaScript runtime none is looked for", () => {
    const args = buildFetchArgs({ ...input, jsRuntime: null });
    expect(args).toContain("--no-js-runtimes");
    expect(args).not.toContain("--js-runtimes");
  });

  test("taking up again reads the description in the folder instead of the link", () => {
    const args = buildFetchArgs({ ...input, resume: true });
    expect(after(args, "--load-info-json")).toBe("original.info.json");
    expect(args).not.toContain("--");
  });

  test("one video is meant unless the whole playlist was asked for", () => {
    expect(buildFetchArgs(input)).toContain("--no-playlist");
    expect(buildFetchArgs({ ...input, wholePlaylist: true })).toContain("--yes-playlist");
    expect(after(buildFetchArgs({ ...input, maxEntries: 0 }), "--playlist-items")).toBe("1:1");
  });

  test.each(presets)("every alternative of %s stays with protocols that a proxy carries", (preset) => {
    const selection = after(withOptions({ preset }), "--format") ?? "";
    const parts = selection.split(/\/(?![^[]*\])|\+(?![^[]*\])/);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(part).toMatch(/^(bv\*|ba|b)\[protocol~='/);
  });

  test("a link that was not checked is a bug", () => {
    expect(() => buildFetchArgs({ ...input, url: new URL("file:///etc/passwd") })).toThrow("not checked");
  });
});

describe("what a person chooses", () => {
  test.each([
    [{ preset: "720p" }, "--format-sort", "lang,res:720,vext,vcodec:h264,acodec:aac"],
    [{ preset: "best", delivery: "hls" }, "--format-sort", "proto:m3u8"],
    [{ preset: "everywhere", delivery: "progressive" }, "--format-sort", "proto"],
    [{ preset: "mp3" }, "--audio-format", "mp3"],
    [{ preset: "m4a" }, "--audio-format", "best"],
    [{ preset: "opus" }, "--audio-format", "best"],
    [{ subtitles: ["all"] }, "--sub-langs", "all,-live_chat"],
    [{ subtitles: ["en", "pt"] }, "--sub-langs", "en(-[A-Z][A-Za-z]+)?,pt(-[A-Z][A-Za-z]+)?"],
    [{ sponsorblock: "mark" }, "--sponsorblock-mark", "all"],
    [{ sponsorblock: "cut" }, "--sponsorblock-remove", "sponsor,selfpromo,interaction"],
    [{ clip_from: 0.0000001, clip_to: 5.25 }, "--download-sections", "*0-5.25"],
    [{ clip_from: 90 }, "--download-sections", "*90-inf"],
  ] as const)("%j: %s %s", (options, option, value) =>
    expect(after(withOptions(options), option)).toBe(value),
  );

  test.each([
    [{ automatic_subtitles: true, subtitles: ["en"] }, "--write-auto-subs", true],
    [{ automatic_subtitles: true }, "--write-auto-subs", false],
    [{ preset: "mp3", subtitles: ["en"] }, "--embed-subs", false],
    [{ embed: ["metadata"] }, "--embed-chapters", false],
    [{ embed: ["metadata"] }, "--no-embed-info-json", true],
    [{ embed: ["chapters"] }, "--embed-chapters", true],
    [{ embed: ["thumbnail"] }, "--embed-thumbnail", true],
    [{ sponsorblock: "mark" }, "--embed-chapters", true],
    [{ live_from_start: true }, "--live-from-start", true],
    [{ subtitles: ["en"] }, "--ignore-errors", true],
    [{}, "--ignore-errors", false],
    [{ clip_to: 5 }, "--ignore-errors", false],
    [{ clip_from: 0 }, "--download-sections", false],
  ] as const)("%j, %s: %p", (options, option, there) =>
    expect(withOptions(options).includes(option)).toBe(there),
  );

  test("in a clip nothing is put where its times would be wrong", () => {
    const args = withOptions({ clip_from: 10, embed: ["chapters"], sponsorblock: "cut" });
    expect(args).not.toContain("--embed-chapters");
    expect(args).not.toContain("--sponsorblock-remove");
    expect(args.find((arg) => arg.startsWith("EmbedSubtitle+ffmpeg_i:"))).toEndWith(" -ss 10");
  });

  test("a clip is asked for anew: its description in the folder has other times", () => {
    const options = optionsSchema.parse({ clip_to: 5 });
    const args = buildFetchArgs({ ...input, options, resume: true });
    expect(args).not.toContain("--load-info-json");
    expect(args.at(-1)).toBe(input.url.href);
  });

  test("however long a playlist may be, its entries are asked for by the hundred and at its end", () => {
    const printed = (maxEntries: number) =>
      buildProbeArgs({ ...input, maxEntries }).filter((arg) => arg.startsWith("playlist:HR7 "));
    expect(printed(1)).toHaveLength(1);
    expect(printed(50_000)).toHaveLength(200);
    expect(printed(251)[1]).toStartWith("playlist:HR7 %(entries.250:500.{");
  });

  test("whatever it is, the options are words of ours and numbers, and each ffmpeg is held to its formats", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const args = buildFetchArgs({ ...input, options });
        for (const arg of args) expect(arg).toMatch(/^[\x21-\x7e ]+$/);
        expect(args.slice(-2)).toEqual(["--", input.url.href]);
        expect(args.filter((arg) => arg.startsWith("--")).every((arg) => known.has(arg))).toBe(true);
        expect(args.join(" ")).not.toMatch(/--(recode|force-keyframes|exec |plugin|config-location|remux)/);
        const limits = args.filter((_, i) => /^--(postprocessor|downloader)-args$/.test(args[i - 1] ?? ""));
        for (const limit of limits) {
          expect(limit).toMatch(/ffmpeg_i1?:-protocol_whitelist [a-z,]+ -format_whitelist [a-z0-9_,]+/);
          if (!limit.startsWith("ffmpeg_i:")) expect(limit).toContain("-protocol_whitelist file ");
        }
        expect(steps.filter((step) => !limits.some((limit) => limit.startsWith(`${step}+ffmpeg_i`)))).toEqual(
          [],
        );
      }),
    );
  });
});

type Options = Partial<{ [K in keyof DownloadOptions]: Readonly<DownloadOptions[K]> }>;

function withOptions(options: Options): string[] {
  return buildFetchArgs({ ...input, options: optionsSchema.parse(options) });
}

const seconds = fc.option(fc.double({ min: 0, max: 604_800, noNaN: true }));
const anyOptions: fc.Arbitrary<DownloadOptions> = fc
  .record({
    preset: fc.constantFrom(...presets),
    delivery: fc.constantFrom(...deliveries),
    subtitles: fc.subarray([...subtitleLanguages]),
    automatic_subtitles: fc.boolean(),
    embed: fc.subarray([...embeds]),
    sponsorblock: fc.constantFrom(...sponsorBlock),
    clip_from: seconds,
    clip_to: seconds,
    live_from_start: fc.boolean(),
  })
  .map((one) => ({
    ...one,
    clip_to: one.clip_to !== null && one.clip_to > (one.clip_from ?? 0) ? one.clip_to : null,
  }));

/** Every step of yt-dlp 2026.10 that starts ffmpeg and that our options can lead to. */
const steps = [
  "Merger",
  "ExtractAudio",
  "FixupM3u8",
  "FixupM4a",
  "FixupStretched",
  "FixupTimestamp",
  "FixupDuration",
  "FixupDuplicateMoov",
  "SubtitlesConvertor",
  "EmbedSubtitle",
  "Metadata",
  "ModifyChapters",
  "EmbedThumbnail",
  "ThumbnailsConvertor",
];

const known = new Set(
  `-- --ignore-config --no-plugin-dirs --no-cache-dir --no-exec --no-remote-components --no-update --color --abort-on-error
  --proxy --socket-timeout --extractor-retries --no-js-runtimes --js-runtimes --ffmpeg-location --downloader --downloader-args
  --postprocessor-args --no-playlist --flat-playlist --playlist-items --format --format-sort --merge-output-format --output --print
  --match-filters --continue --no-mtime --write-info-json --no-write-playlist-metafiles --retries --fragment-retries --retry-sleep
  --abort-on-unavailable-fragments --concurrent-fragments --progress --newline --progress-delta --progress-template --no-simulate
  --extract-audio --audio-format --audio-quality --ignore-errors --live-from-start --write-subs --write-auto-subs --embed-subs
  --compat-options --sub-langs --sub-format --convert-subs --embed-metadata --no-embed-info-json --embed-chapters
  --no-embed-chapters --embed-thumbnail --sponsorblock-mark --sponsorblock-remove --download-sections`.split(
    /\s+/,
  ),
);

function after(args: string[], option: string): string | undefined {
  return args[args.indexOf(option) + 1];
}
