import { formatBytes } from "../../src/lib/bytes.ts";

/** "1.2 GB used, 3.8 GB of 5 GB left". */
export function SpaceUsed({ usedBytes, quotaBytes }: { usedBytes: number; quotaBytes: number | null }) {
  const left = quotaBytes === null ? null : Math.max(0, quotaBytes - usedBytes);
  return (
    <p class="space-used">
      {formatBytes(usedBytes)} used
      {quotaBytes !== null && left !== null && (
        <>
          , {formatBytes(left)} of {formatBytes(quotaBytes)} left
          <meter
            min="0"
            max={String(quotaBytes)}
            high={quotaBytes * 0.9}
            value={String(Math.min(usedBytes, quotaBytes))}
            aria-label="Space used"
          />
        </>
      )}
    </p>
  );
}
