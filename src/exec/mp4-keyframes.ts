import { open, type FileHandle } from "node:fs/promises";
import { toAnnexB } from "./annex-b.ts";
import { findBox, findBoxes, readMovieBox } from "./mp4-boxes.ts";

export interface Keyframe {
  /** Where in the video it stands; decoding time, so a few frames off at the most. */
  seconds: number;
  /** The picture as a stream that a decoder can begin with: parameter sets, then the frame, in Annex B form. */
  bytes: Uint8Array;
}

/**
 * Reads the keyframe nearest to each time straight from the tables of an MP4 with H.264, which spares ffmpeg
 * opening the file once for each picture. Null for every other file, for fragmented and
 * damaged ones, and where a keyframe is no IDR picture, which a decoder could not take by itself.
 */
export async function readKeyframes(path: string, times: readonly number[]): Promise<Keyframe[] | null> {
  const handle = await open(path);
  try {
    const movie = await readMovieBox(handle);
    const track = movie && findH264Track(movie);
    if (!track) return null;
    const keyframes = listKeyframes(track);
    const found: Keyframe[] = [];
    for (const time of times) {
      const keyframe = nearest(keyframes, time);
      const bytes =
        keyframe && toAnnexB(track.decoderConfig, await readSample(handle, track, keyframe.sample));
      if (!bytes) return null;
      found.push({ seconds: keyframe.seconds, bytes });
    }
    return found;
  } catch (error) {
    // Tables that point outside of themselves: a damaged file, for which ffmpeg finds better words.
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    await handle.close();
  }
}

/** The tables of ISO 14496-12, section 8.6 and 8.7, from behind their version and flags. */
interface Track {
  timescale: number;
  /** avcC: ISO 14496-15, section 5.3.3.1.2. */
  decoderConfig: Buffer;
  timeToSample: Buffer;
  syncSamples: Buffer | null;
  sampleToChunk: Buffer;
  sampleSizes: Buffer;
  chunkOffsets: Buffer;
  wideOffsets: boolean;
}

function findH264Track(movie: Buffer): Track | null {
  for (const track of findBoxes(movie, "trak")) {
    const media = findBox(track, "mdia");
    if (media === null || findBox(media, "hdlr")?.toString("latin1", 8, 12) !== "vide") continue;
    return readTrack(media);
  }
  return null;
}

function readTrack(media: Buffer): Track | null {
  const header = findBox(media, "mdhd");
  const information = findBox(media, "minf");
  const tables = information && findBox(information, "stbl");
  if (!header || !tables) return null;
  const table = (type: string) => findBox(tables, type)?.subarray(4) ?? null;
  const decoderConfig = findDecoderConfig(table("stsd"));
  const timeToSample = table("stts");
  const sampleToChunk = table("stsc");
  const sampleSizes = table("stsz");
  const wide = table("co64");
  const chunkOffsets = wide ?? table("stco");
  if (!decoderConfig || !timeToSample || !sampleToChunk || !sampleSizes || !chunkOffsets) return null;
  // All of one size: no video is like that, but a file that wants us to count to four billion is.
  if (sampleSizes.readUInt32BE(0) !== 0) return null;
  const timescale = header.readUInt32BE(header[0] === 1 ? 20 : 12);
  const wideOffsets = wide !== null;
  return {
    timescale,
    decoderConfig,
    timeToSample,
    syncSamples: table("stss"),
    sampleToChunk,
    sampleSizes,
    chunkOffsets,
    wideOffsets,
  };
}

/** One sample entry, avc1 or avc3: with several, or an encrypted one (encv), the rest would not hold. */
function findDecoderConfig(descriptions: Buffer | null): Buffer | null {
  if (descriptions === null || descriptions.readUInt32BE(0) !== 1) return null;
  const entries = descriptions.subarray(4);
  const entry = findBox(entries, "avc1") ?? findBox(entries, "avc3");
  return entry && findBox(entry.subarray(78), "avcC");
}

const maxKeyframes = 1_000_000;

function listKeyframes(track: Track): { sample: number; seconds: number }[] {
  const { timeToSample, syncSamples, timescale } = track;
  const count = syncSamples ? syncSamples.readUInt32BE(0) : track.sampleSizes.readUInt32BE(4);
  if (count > maxKeyframes) throw new RangeError(`${count} keyframes`);
  const keyframes = [];
  let run = 0;
  let firstOfRun = 1;
  let timeOfRun = 0;
  for (let i = 0; i < count; i++) {
    const sample = syncSamples ? syncSamples.readUInt32BE(4 + 4 * i) : i + 1;
    let length = timeToSample.readUInt32BE(4 + 8 * run);
    let step = timeToSample.readUInt32BE(8 + 8 * run);
    while (sample >= firstOfRun + length) {
      firstOfRun += length;
      timeOfRun += length * step;
      run++;
      length = timeToSample.readUInt32BE(4 + 8 * run);
      step = timeToSample.readUInt32BE(8 + 8 * run);
    }
    keyframes.push({ sample, seconds: (timeOfRun + (sample - firstOfRun) * step) / timescale });
  }
  return keyframes;
}

function nearest<T extends { seconds: number }>(keyframes: readonly T[], time: number): T | null {
  let best: T | null = null;
  for (const keyframe of keyframes) {
    if (best === null || Math.abs(keyframe.seconds - time) < Math.abs(best.seconds - time)) best = keyframe;
  }
  return best;
}

const maxSampleBytes = 32 * 1024 * 1024;

async function readSample(handle: FileHandle, track: Track, sample: number): Promise<Buffer> {
  const { chunk, firstSample } = chunkOf(track, sample);
  let offset = track.wideOffsets
    ? Number(track.chunkOffsets.readBigUInt64BE(4 + 8 * (chunk - 1)))
    : track.chunkOffsets.readUInt32BE(4 + 4 * (chunk - 1));
  const sizeOf = (n: number) => track.sampleSizes.readUInt32BE(8 + 4 * (n - 1));
  for (let i = firstSample; i < sample; i++) offset += sizeOf(i);
  const size = sizeOf(sample);
  if (size > maxSampleBytes) throw new RangeError(`a sample of ${size} bytes`);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, offset);
  if (bytesRead < size) throw new RangeError("a sample behind the end of the file");
  return buffer;
}

/** Chunks and samples count from 1; each row of the table holds until the next row's first chunk. */
function chunkOf({ sampleToChunk }: Track, sample: number): { chunk: number; firstSample: number } {
  const rows = sampleToChunk.readUInt32BE(0);
  let firstSample = 1;
  for (let row = 0; row < rows; row++) {
    const firstChunk = sampleToChunk.readUInt32BE(4 + 12 * row);
    const samplesPerChunk = sampleToChunk.readUInt32BE(8 + 12 * row);
    const isLast = row === rows - 1;
    const chunks = isLast ? Infinity : sampleToChunk.readUInt32BE(16 + 12 * row) - firstChunk;
    if (samplesPerChunk > 0 && sample < firstSample + chunks * samplesPerChunk) {
      const chunksBefore = Math.floor((sample - firstSample) / samplesPerChunk);
      return { chunk: firstChunk + chunksBefore, firstSample: firstSample + chunksBefore * samplesPerChunk };
    }
    if (!isLast) firstSample += chunks * samplesPerChunk;
  }
  throw new RangeError(`no chunk holds sample ${sample}`);
}
