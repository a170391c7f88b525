const startCode = Buffer.from([0, 0, 0, 1]);
const idrPicture = 5;

/**
 * A sample as MP4 stores it (ISO 14496-15: units behind their lengths, parameter sets in avcC) as a stream that
 * a decoder can begin with (ITU-T H.264, Annex B: units behind start codes). Null where it is no IDR picture;
 * a RangeError where it is damaged.
 */
export function toAnnexB(decoderConfig: Buffer, sample: Buffer): Uint8Array | null {
  const units = splitUnits(sample, ((decoderConfig[4] ?? 0) & 3) + 1);
  if (!units.some((unit) => ((unit[0] ?? 0) & 31) === idrPicture)) return null;
  return Buffer.concat([...parameterSets(decoderConfig), ...units].flatMap((unit) => [startCode, unit]));
}

function parameterSets(config: Buffer): Buffer[] {
  const sets: Buffer[] = [];
  let at = 5;
  for (const mask of [31, 255]) {
    const count = config.readUInt8(at++) & mask;
    for (let i = 0; i < count; i++) {
      const length = config.readUInt16BE(at);
      sets.push(config.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return sets;
}

function splitUnits(sample: Buffer, lengthBytes: number): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at < sample.length;) {
    const length = sample.readUIntBE(at, lengthBytes);
    const begin = at + lengthBytes;
    if (begin + length > sample.length) throw new RangeError("a unit behind the end of its sample");
    units.push(sample.subarray(begin, begin + length));
    at = begin + length;
  }
  return units;
}
