import type { PlaylistPart } from "../../src/features/downloads/item.ts";
import { formatDuration } from "../../src/lib/durations.ts";
import { includesNumber, parseNumbers } from "../../src/lib/number-ranges.ts";
import type { NumberRange } from "../../src/lib/number-ranges.ts";
import { paths } from "../../src/paths.ts";
import { Field } from "../parts/field.tsx";
import type { PreviewShown } from "./preview-shown.ts";

/**
 * A playlist's entries, some hundreds at a time. What is chosen is one field of numbers: boxes that scripts keep in
 * step with it, so that nothing is lost between pages, and it works without any.
 */
export function Entries({ playlist, shown }: { playlist: PlaylistPart; shown: PreviewShown }) {
  const all = playlist.count === 0 ? "" : playlist.count === 1 ? "1" : `1-${playlist.count}`;
  const chosen = shown.chosen ?? all;
  return (
    <div class="entries" data-entries data-count={playlist.count}>
      <div class="entries-tools">
        <Field
          name="items"
          label="Which videos"
          value={chosen}
          note="Numbers and ranges, like 1-20, 33"
          error={shown.error}
          inputmode="numeric"
          autocomplete="off"
          data-chosen
        />
        <Field
          name="filter"
          label="Show those with"
          value={shown.filter}
          placeholder="Words of the title"
          autocomplete="off"
          data-filter
        />
      </div>
      <EntriesPage playlist={playlist} shown={shown} ranges={rangesOf(chosen)} />
      <input type="hidden" name="limit" value={String(shown.limit)} />
      {playlist.isCut && (
        <p class="field-note">
          Only the first {playlist.count} were looked at.{" "}
          <LookButton name="limit" value="50000">
            Look at all of them
          </LookButton>
        </p>
      )}
    </div>
  );
}

function EntriesPage(props: { playlist: PlaylistPart; shown: PreviewShown; ranges: readonly NumberRange[] }) {
  const { playlist, ranges } = props;
  const { entries, passing, passingNumbers, page, pages, count } = playlist;
  return (
    <div id="entries-page" tabindex={-1} data-passing={passingNumbers}>
      <div class="entries-bar">
        <p role="status">
          {passing === count ? `${count} videos` : `${passing} of ${count} videos`}
          <span data-chosen-count />
        </p>
        <span class="needs-script entries-pick">
          <button type="button" class="chip" data-pick="all">
            Choose {passing === count ? "all" : "these"}
          </button>
          <button type="button" class="chip" data-pick="none">
            Choose none{passing === count ? "" : " of these"}
          </button>
        </span>
      </div>
      <ol class="entry-list">
        {entries.map((entry) => (
          <li>
            <label class="entry">
              <input
                type="checkbox"
                class="needs-script"
                data-n={entry.n}
                checked={includesNumber(ranges, entry.n)}
              />
              <span class="entry-n">{entry.n}</span>
              <span class="entry-title" dir="auto">
                {entry.title}
              </span>
              {entry.onShelf && <span class="badge">On the shelf</span>}
              {entry.durationSeconds !== null && (
                <span class="entry-time">{formatDuration(entry.durationSeconds)}</span>
              )}
            </label>
          </li>
        ))}
      </ol>
      {pages > 1 && (
        <nav class="entries-pager" aria-label="Pages of the playlist">
          {page > 1 && (
            <LookButton name="page" value={String(page - 1)}>
              Before
            </LookButton>
          )}
          <span>
            Page {page} of {pages}
          </span>
          {page < pages && (
            <LookButton name="page" value={String(page + 1)}>
              Next
            </LookButton>
          )}
        </nav>
      )}
    </div>
  );
}

/** Looks again, with one thing changed. */
function LookButton({ name, value, children }: { name: string; value: string; children: string }) {
  return (
    <button
      type="submit"
      class="chip"
      name={name}
      value={value}
      formaction={paths.previewDownloads()}
      formnovalidate
    >
      {children}
    </button>
  );
}

/** While somebody writes, it may be none. */
function rangesOf(text: string): readonly NumberRange[] {
  try {
    return parseNumbers(text);
  } catch {
    return [];
  }
}
