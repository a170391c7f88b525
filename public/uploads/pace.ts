const windowMs = 6000;
/** Less than this says nothing yet. */
const leastMs = 400;

/** How fast one upload goes, by what was sent in the last seconds. */
export class Pace {
  #samples: { at: number; bytes: number }[] = [];

  /** `bytes` of the whole file were sent at the time `at`, in milliseconds. */
  note(bytes: number, at: number): void {
    const last = this.#samples.at(-1);
    // A piece that is sent again begins anew.
    if (last && bytes < last.bytes) this.#samples = [];
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > windowMs) this.#samples.shift();
  }

  bytesPerSecond(now: number): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at - first.at < leastMs) return null;
    // To now, and not to the last sample: what stands still gets slower.
    return ((last.bytes - first.bytes) / (now - first.at)) * 1000;
  }
}
