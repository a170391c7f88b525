/**
 * What downloads of so many bytes take: a line of least squares through the last ones, `seconds = overhead + bytes /
 * speed`. The newest weigh most, and long ones less than short ones: half a second off matters where two were said.
 * Only sums are kept.
 */
export interface SpeedModel {
  /** How many downloads it is of. */
  samples: number;
  /** Sums of the weights, and with them of x (megabytes), y (seconds), x·x and x·y. */
  w: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
}

export interface Speed {
  overheadSeconds: number;
  bytesPerSecond: number;
}

const empty: SpeedModel = { samples: 0, w: 0, x: 0, y: 0, xx: 0, xy: 0 };
/** How much of its weight a download keeps with each one after it. */
const keeps = 0.7;

/** What is known after one more download. */
export function learnSpeed(known: SpeedModel | null, bytes: number, seconds: number): SpeedModel {
  const old = known ?? empty;
  const faded = {
    ...old,
    w: old.w * keeps,
    x: old.x * keeps,
    y: old.y * keeps,
    xx: old.xx * keeps,
    xy: old.xy * keeps,
  };
  return { ...weigh(faded, bytes / 1e6, Math.max(seconds, 0.05), 1), samples: old.samples + 1 };
}

/**
 * The line through what is known. `usual` is what is expected of a site that nothing is known of; it weighs a
 * little all the same, since two downloads of one size say nothing of the line's slope.
 */
export function speedOf(known: SpeedModel | null, usual: Speed): Speed {
  if (!known || known.samples === 0) return usual;
  const expected = (megabytes: number) => usual.overheadSeconds + (megabytes * 1e6) / usual.bytesPerSecond;
  const meanMegabytes = known.x / known.w;
  const usualSlope = 1e6 / usual.bytesPerSecond;
  // The usual line, moved so that it goes through what was seen.
  const scale = known.y / known.w / expected(meanMegabytes);
  let sums = known;
  for (const megabytes of [0, meanMegabytes * 2 + 1]) {
    sums = weigh(sums, megabytes, Math.max(0.05, expected(megabytes) * scale), 0.05);
  }
  const spreadOfSizes = sums.w * sums.xx - sums.x * sums.x;
  const slope = spreadOfSizes > 1e-9 ? (sums.w * sums.xy - sums.x * sums.y) / spreadOfSizes : usualSlope;
  const bounded = Math.max(slope, 1e-4);
  return {
    overheadSeconds: Math.max(0, (sums.y - bounded * sums.x) / sums.w),
    bytesPerSecond: 1e6 / bounded,
  };
}

function weigh(sums: SpeedModel, x: number, y: number, weight: number): SpeedModel {
  const w = weight / y;
  return {
    ...sums,
    w: sums.w + w,
    x: sums.x + w * x,
    y: sums.y + w * y,
    xx: sums.xx + w * x * x,
    xy: sums.xy + w * x * y,
  };
}
