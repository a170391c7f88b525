import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { Pager } from "../parts/pager.tsx";
import { isUnfinished } from "./facts.ts";
import { MineRow, type MineRowOf } from "./mine-row.tsx";

/** As it stands in the address; without one, all. */
export type MineFilter = "ready" | "processing" | "failed";

interface RowsProps {
  page: Page;
  rows: MineRowOf[];
  nextCursor: string | null;
  filter: MineFilter | undefined;
}

/** All that one person has on the shelf, newest first. */
export function MinePage(props: RowsProps & { children?: Child }) {
  const { page, rows, filter, children } = props;
  const isBusy = rows.some(({ video }) => isUnfinished(video) || video.replacingSince !== null);
  return (
    <Layout page={page} title="My videos" current="mine" live="mine" refreshSeconds={isBusy ? 10 : undefined}>
      <h1>My videos</h1>
      {children}
      {(rows.length > 0 || filter) && <StateFilter filter={filter} />}
      {/* It stays there while it is empty, so that the first video can come in live. */}
      <div id="mine" class="rows" data-takes-new={filter ? undefined : ""}>
        <MineRows {...props} />
      </div>
      {/* Seen where there is no row: the last one can also go live. */}
      <NoVideos page={page} filter={filter} />
    </Layout>
  );
}

/** What "Show more" brings: rows and the next pager. */
export function MineRows({ page, rows, nextCursor, filter }: RowsProps) {
  return (
    <>
      {rows.map((row) => (
        <MineRow page={page} {...row} />
      ))}
      {nextCursor !== null && <Pager page={page} href={paths.mine({ state: filter, cursor: nextCursor })} />}
    </>
  );
}

const filters: [filter: MineFilter | undefined, label: string][] = [
  [undefined, "All"],
  ["ready", "Ready"],
  ["processing", "Processing"],
  ["failed", "Failed"],
];

function StateFilter({ filter }: { filter: MineFilter | undefined }) {
  return (
    <nav class="filters" aria-label="Filter">
      {filters.map(([one, label]) => (
        <a
          class={one === filter ? "chip on" : "chip"}
          href={paths.mine({ state: one })}
          aria-current={one === filter ? "true" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

const nothing: Record<MineFilter, string> = {
  ready: "None of your videos is ready yet.",
  processing: "Nothing is being made ready right now.",
  failed: "None of your videos has failed.",
};

function NoVideos({ page, filter }: { page: Page; filter: MineFilter | undefined }) {
  if (filter) {
    return (
      <EmptyState
        icon="film"
        title="Nothing here"
        action={<ButtonLink href={paths.mine()}>Show all of mine</ButtonLink>}
      >
        {nothing[filter]}
      </EmptyState>
    );
  }
  const mayAdd = page.user?.role !== "viewer";
  return (
    <EmptyState
      icon="film"
      title="You have no videos yet"
      action={
        mayAdd ? (
          <ButtonLink href={`${paths.downloads()}#add`} kind="primary" icon="plus">
            Add a video
          </ButtonLink>
        ) : (
          <ButtonLink href={paths.gallery()}>To the gallery</ButtonLink>
        )
      }
    >
      {mayAdd
        ? "Send a file, or paste the address of a video. It is listed here with its state, its size, and a way to get the file back."
        : "You can watch what others put on the shelf."}
    </EmptyState>
  );
}
