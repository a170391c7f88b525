import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readKeyframes } from "../../src/exec/mp4-keyframes.ts";
import { bars, h264AndAac, makeClip, mp4Clip, tone, x264 } from "../fixtures/media.ts";

setDefaultTimeout(60_000);
const folder = mkdtempSync(join(tmpdir(), "homereel-keyframes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gop = ["-g", "10", "-sc_threshold", "0"];

test.each([
  ["tables first", ["-movflags", "+faststart"]],
  ["tables last", []],
])("the bytes are those that ffmpeg copies out, with the %s", async (_name, flags) => {
  const path = await makeClip("mp4", ...h264AndAac({ seconds: 5 }), ...gop, ...flags);
  const keyframes = await readKeyframes(path, [0, 1.9, 2.6, 99]);
  expect(keyframes?.map(({ seconds }) => seconds)).toEqual([0, 2, 3, 4]);
  for (const { seconds, bytes } of keyframes ?? []) {
    expect(await decoded(bytes)).toEqual(await decoded(await copiedOut(path, seconds)));
  }
});

test.each([
  ["another container", () => makeClip("mkv", ...h264AndAac())],
  ["another codec", () => makeClip("mp4", ...bars(), "-c:v", "mpeg4")],
  ["no picture", () => makeClip("m4a", ...tone())],
  ["fragments", () => makeClip("mp4", ...bars(), ...x264, "-movflags", "+frag_keyframe+empty_moov")],
])("%s is left to ffmpeg", async (_name, make) => {
  expect((await readKeyframes(await make(), [0])) ?? []).toEqual([]);
});

test("damage of any kind ends in frames or in null, never in an error or a loop", async () => {
  const whole = readFileSync(await mp4Clip());
  const tables = whole.subarray(0, whole.indexOf("mdat"));
  const path = join(folder, "damaged.mp4");
  const harm = fc.array(
    fc.tuple(fc.nat(tables.length - 1), fc.constantFrom(0, 1, 0x7f, 0xff), fc.integer({ min: 1, max: 8 })),
    { minLength: 1, maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(harm, fc.nat(whole.length), async (spots, length) => {
      const bytes = Buffer.from(whole);
      for (const [at, value, count] of spots) bytes.fill(value, at, at + count);
      writeFileSync(path, length % 3 === 0 ? bytes.subarray(0, length) : bytes);
      const keyframes = await readKeyframes(path, [0, 1]);
      expect(keyframes === null || keyframes.length <= 2).toBe(true);
    }),
    { numRuns: 500 },
  );
});

/** The hash of the first frame that a decoder makes of it. */
async function decoded(stream: Uint8Array): Promise<string> {
  const argv = ["ffmpeg", "-v", "error", "-f", "h264", "-i", "-", "-frames:v", "1", "-f", "md5", "-"];
  const hash = await new Response(Bun.spawn(argv, { stdin: stream }).stdout).text();
  expect(hash).toStartWith("MD5=");
  return hash;
}

async function copiedOut(path: string, seconds: number): Promise<Uint8Array> {
  const stream = ["-map", "0:v", "-c", "copy", "-frames:v", "1", "-f", "h264", "-"];
  const argv = ["ffmpeg", "-v", "error", "-ss", String(seconds), "-i", path, ...stream];
  return new Response(Bun.spawn(argv, { stdin: "ignore" }).stdout).bytes();
}
