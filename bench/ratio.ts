export interface Spread {
  min: number;
  median: number;
  max: number;
}

export interface Comparison {
  /** Milliseconds, or whatever number the two sides return. */
  ours: Spread;
  anchor: Spread;
  /** Ours divided by the anchor, pair by pair: below 1 we need less. */
  ratio: Spread;
}

/** One side: it is timed, unless it returns a number of its own (milliseconds, bytes; less is better). */
export interface Side {
  name: string;
  run: () => Promise<number | void> | number | void;
}

/**
 * Runs two sides in turn and prints min, median and max of each and of their ratio. The ratio is taken
 * pair by pair, because a noisy machine slows down both halves of a pair but not all pairs; every
 * second pair runs the other way round, so that neither always profits from what the other warmed up.
 */
export async function compare(
  title: string,
  ours: Side,
  anchor: Side,
  { pairs = 9, warmups = 1 }: { pairs?: number; warmups?: number } = {},
): Promise<Comparison> {
  for (let i = 0; i < warmups; i++) {
    await measure(ours);
    await measure(anchor);
  }
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) mine.push(await measure(ours));
    theirs.push(await measure(anchor));
    if (i % 2 === 1) mine.push(await measure(ours));
  }
  const comparison = {
    ours: spread(mine),
    anchor: spread(theirs),
    ratio: spread(mine.map((value, i) => value / (theirs[i] ?? Number.NaN))),
  };
  print(title, ours.name, anchor.name, comparison, pairs);
  return comparison;
}

async function measure(side: Side): Promise<number> {
  const start = performance.now();
  const own = await side.run();
  return own ?? performance.now() - start;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[i] ?? Number.NaN;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { min: at(0), median, max: at(sorted.length - 1) };
}

function print(title: string, ours: string, anchor: string, comparison: Comparison, pairs: number): void {
  const width = Math.max(ours.length, anchor.length, 5);
  const row = (name: string, { min, median, max }: Spread, digits: number) =>
    console.log(
      `  ${name.padEnd(width)}  ${[min, median, max].map((n) => n.toFixed(digits).padStart(12)).join("")}`,
    );
  console.log(`${title} (${pairs} pairs)`);
  console.log(`  ${"".padEnd(width)}  ${["min", "median", "max"].map((s) => s.padStart(12)).join("")}`);
  row(ours, comparison.ours, 2);
  row(anchor, comparison.anchor, 2);
  row("ratio", comparison.ratio, 3);
}
