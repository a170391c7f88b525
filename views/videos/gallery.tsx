import type { Progress } from "../../src/events/events.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { Pager } from "../parts/pager.tsx";
import { VideoCard } from "./card.tsx";
import { FilterBar, type GalleryFilter } from "./filter-bar.tsx";

interface CardsProps {
  page: Page;
  videos: VideoItem[];
  nextCursor: string | null;
  filter: GalleryFilter;
  progress(videoId: string): Progress | null;
}

/** The shelf. `allTags` with the number of videos that carry each. */
export function GalleryPage(props: CardsProps & { allTags: { name: string; count: number }[] }) {
  const { page, filter, allTags } = props;
  const filtered = isFiltered(filter);
  return (
    <Layout page={page} title={titleOf(filter)} current="gallery" live="gallery" q={filter.q}>
      <h1 class={filter.q === "" ? "visually-hidden" : "search-title"}>
        {filter.q === "" ? (
          "Videos"
        ) : (
          <>
            Results for “<bdi>{filter.q}</bdi>”
          </>
        )}
      </h1>
      {/* Not seen while there is nothing to choose from. */}
      <FilterBar filter={filter} allTags={allTags} />
      {/* It stays there while it is empty, so that the first video can come in live. */}
      <div id="cards" class="cards" data-takes-new={filtered ? undefined : ""}>
        <VideoCards {...props} />
      </div>
      {/* Seen where there is no card: the last one can also go live. */}
      <NoVideos page={page} filtered={filtered} />
    </Layout>
  );
}

/** What "Show more" brings: cards and the next pager. */
export function VideoCards({ page, videos, nextCursor, filter, progress }: CardsProps) {
  return (
    <>
      {videos.map((video) => (
        <VideoCard page={page} video={video} progress={progress(video.id)} />
      ))}
      {nextCursor !== null && <Pager page={page} href={galleryUrl(filter, nextCursor)} />}
    </>
  );
}

function NoVideos({ page, filtered }: { page: Page; filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState
        icon="search"
        title="Nothing found"
        action={<ButtonLink href={paths.gallery()}>Show all videos</ButtonLink>}
      >
        No video matches all of this. Try fewer words or tags.
      </EmptyState>
    );
  }
  const mayAdd = page.user?.role !== "viewer";
  return (
    <EmptyState
      icon="film"
      title="The shelf is empty"
      action={
        mayAdd && (
          <ButtonLink href={`${paths.downloads()}#add`} kind="primary" icon="plus">
            Add a video
          </ButtonLink>
        )
      }
    >
      {mayAdd
        ? "Paste the address of a video, or drop files on this page. They get their pictures, and then stand here, ready to watch."
        : "Videos stand here as soon as someone adds one."}
    </EmptyState>
  );
}

function isFiltered({ q, tags, owner, state }: GalleryFilter): boolean {
  return q !== "" || tags.length > 0 || owner !== undefined || Boolean(state);
}

function titleOf(filter: GalleryFilter): string {
  if (filter.q !== "") return filter.q;
  if (filter.tags.length > 0) return filter.tags.map((tag) => `#${tag}`).join(" ");
  return filter.owner === "me" ? "My videos" : "Homereel";
}

function galleryUrl(filter: GalleryFilter, cursor: string): string {
  const { q, tags, owner, state } = filter;
  return paths.gallery({ q, tag: tags, owner, state, cursor });
}
