/** Steps smaller than this are left to the clock's own discipline. */
const toleranceMs = 1_000;

/**
 * Watches wall time against monotonic time. Each call answers by how many milliseconds the wall clock
 * was set back since the call before; forward steps are fine, they only end a wait early.
 */
export function watchWallClock(now: () => number, monotonic: () => number): () => number {
  let ahead = now() - monotonic();
  return () => {
    const seen = now() - monotonic();
    const setBack = ahead - seen;
    if (setBack > 0 && setBack < toleranceMs) return 0;
    ahead = seen;
    return Math.max(0, setBack);
  };
}
