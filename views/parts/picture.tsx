import { paths } from "../../src/paths.ts";

/** Thumbnail 2 of a video, else another that exists, else a drawn placeholder. Always decorative: the title is beside it. */
export function Picture(props: {
  videoId: string | null;
  thumbnails: number[];
  version: number;
  eager?: boolean;
}) {
  const { videoId, thumbnails, version, eager } = props;
  const shown = thumbnails.includes(2) ? 2 : thumbnails[0];
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

/** Stands where no picture is: a strip of film on a quiet ground. */
export function Placeholder() {
  return (
    <svg class="placeholder" viewBox="0 0 320 180" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect class="placeholder-ground" width="320" height="180" />
      <path
        class="placeholder-hill"
        d="M0 180v-38l66-50a20 20 0 0 1 24 0l58 44 34-25a20 20 0 0 1 24 0l114 69z"
      />
      <circle class="placeholder-sun" cx="214" cy="62" r="17" />
    </svg>
  );
}

function thumbnailUrl(videoId: string, n: number, version: number): string {
  return paths.thumbnail(videoId, n === 1 ? "1" : n === 2 ? "2" : "3", version);
}
