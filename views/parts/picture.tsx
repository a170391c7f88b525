import { paths } from "../../src/paths.ts";

/** The picture that somebody chose for a video, or its thumbnail 2, else another that exists, else a drawn placeholder. Always decorative: the title is beside it. */
export function Picture(props: {
  videoId: string | null;
  thumbnails: number[];
  version: number;
  eager?: boolean;
}) {
  const { videoId, thumbnails, version, eager } = props;
  const shown = [0, 2].find((n) => thumbnails.includes(n)) ?? thumbnails[0];
  if (videoId === null || shown === undefined) return <Placeholder />;
  const frames = [1, 2, 3]
    .filter((n) => thumbnails.includes(n))
    .map((n) => thumbnailUrl(videoId, n, version));
  return (
    <img
      src={thumbnailUrl(videoId, shown, version)}
      alt=""
      width="640"
      height="360"
      loading={eager ? undefined : "lazy"}
      decoding="async"
      data-frames={frames.length > 1 ? frames.join(" ") : undefined}
    />
  );
}

/** Stands where no picture is: an empty reel. */
function Placeholder() {
  return (
    <svg class="placeholder" viewBox="0 0 320 180" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <path
        fill-rule="evenodd"
        d="M114 90a46 46 0 1 0 92 0a46 46 0 1 0 -92 0zM154 90a6 6 0 1 0 12 0a6 6 0 1 0 -12 0zM149.5 63a10.5 10.5 0 1 0 21 0a10.5 10.5 0 1 0 -21 0zM175.2 81.7a10.5 10.5 0 1 0 21 0a10.5 10.5 0 1 0 -21 0zM165.4 111.8a10.5 10.5 0 1 0 21 0a10.5 10.5 0 1 0 -21 0zM133.6 111.8a10.5 10.5 0 1 0 21 0a10.5 10.5 0 1 0 -21 0zM123.8 81.7a10.5 10.5 0 1 0 21 0a10.5 10.5 0 1 0 -21 0z"
      />
    </svg>
  );
}

function thumbnailUrl(videoId: string, n: number, version: number): string {
  return paths.thumbnail(videoId, (["own", "1", "2", "3"] as const)[n] ?? "2", version);
}
