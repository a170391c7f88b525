import { describe, expect, test } from "bun:test";
import { type ArgsInput, buildFetchArgs, buildProbeArgs, formatPresets } from "../../src/exec/ytdlp-args.ts";

const input: ArgsInput = {
  url: new URL("https://example.com/watch?v=--exec"),
  proxyUrl: "http://pass:secret@127.0.0.1:9",
  programFolder: "/programs",
  jsRuntime: "deno:/deno",
  preset: "everywhere",
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

  test("a probe only simulates, a download does not", () => {
    expect(buildProbeArgs(input)).toContain("--simulate");
    expect(buildFetchArgs(input)).toContain("--no-simulate");
    expect(buildFetchArgs(input)).not.toContain("--simulate");
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

  test.each(formatPresets)("every alternative of %s stays with protocols that a proxy carries", (preset) => {
    const selection = after(buildFetchArgs({ ...input, preset }), "--format") ?? "";
    const parts = selection.split(/\/(?![^[]*\])|\+(?![^[]*\])/);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(part).toMatch(/^(bv\*|ba|b)\[protocol~='/);
  });

  test("nothing is ever encoded again", () => {
    expect(buildFetchArgs(input).join(" ")).not.toMatch(/recode|--extract-audio|embed/);
  });

  test("a link that was not checked is a bug", () => {
    expect(() => buildFetchArgs({ ...input, url: new URL("file:///etc/passwd") })).toThrow("not checked");
  });
});

function after(args: string[], option: string): string | undefined {
  return args[args.indexOf(option) + 1];
}
