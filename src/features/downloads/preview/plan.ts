import { formatNumbers } from "../../../lib/number-ranges.ts";
import type { PlaylistPart } from "../item.ts";

const entriesOnPage = 200;

interface Entry {
  url: string;
  title: string;
  durationSeconds: number | null;
}

type Part = Omit<PlaylistPart, "entries"> & { entries: (Entry & { n: number })[] };

/** One page of the entries whose titles hold all words of the filter; a page behind the last is the last. */
export function partOfPlaylist(
  entries: readonly Entry[],
  wishes: { filter: string; page: number; limit: number },
): Part {
  const words = wishes.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const passing = entries
    .map((entry, i) => ({ ...entry, n: i + 1 }))
    .filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)));
  const pages = Math.max(1, Math.ceil(passing.length / entriesOnPage));
  const page = Math.min(wishes.page, pages);
  return {
    count: entries.length,
    isCut: entries.length >= wishes.limit,
    passing: passing.length,
    passingNumbers: shortNumbers(passing.map(({ n }) => n)),
    page,
    pages,
    entries: passing.slice((page - 1) * entriesOnPage, page * entriesOnPage),
  };
}

/** In order as they are, so that the text needs no sorting: neighbours become ranges. */
function shortNumbers(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return formatNumbers(ranges);
}
