import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import { Icon } from "../parts/icons.tsx";

export interface GalleryFilter {
  q: string;
  tags: string[];
  owner?: "me";
  state?: string;
}

const shownTags = 12;

/** Whose videos, which state, which tags: links only, so every view of the shelf has its own address. */
export function FilterBar(props: { filter: GalleryFilter; allTags: { name: string; count: number }[] }) {
  const { filter, allTags } = props;
  const others = allTags.filter(({ name }) => !filter.tags.includes(name));
  const [first, rest] = [others.slice(0, shownTags), others.slice(shownTags)];
  return (
    <nav class="filters" aria-label="Filter">
      <Choice filter={{ ...filter, owner: undefined, state: undefined }} on={!filter.owner && !filter.state}>
        All
      </Choice>
      <Choice filter={{ ...filter, owner: "me", state: undefined }} on={filter.owner === "me"}>
        Mine
      </Choice>
      <Choice filter={{ ...filter, owner: undefined, state: "FAILED" }} on={filter.state === "FAILED"}>
        Failed
      </Choice>
      {(filter.tags.length > 0 || first.length > 0) && <span class="filters-line" />}
      {filter.tags.map((tag) => (
        <a
          class="chip on"
          href={hrefOf({ ...filter, tags: filter.tags.filter((one) => one !== tag) })}
          aria-label={`Remove the tag ${tag}`}
        >
          <bdi>#{tag}</bdi>
          <Icon name="x" />
        </a>
      ))}
      {first.map(({ name }) => (
        <TagLink filter={filter} name={name} />
      ))}
      {rest.length > 0 && (
        <details class="more-tags">
          <summary class="chip">{rest.length} more</summary>
          {rest.map(({ name }) => (
            <TagLink filter={filter} name={name} />
          ))}
        </details>
      )}
    </nav>
  );
}

function Choice({ filter, on, children }: { filter: GalleryFilter; on: boolean; children: Child }) {
  return (
    <a class={on ? "chip on" : "chip"} href={hrefOf(filter)} aria-current={on ? "true" : undefined}>
      {children}
    </a>
  );
}

function TagLink({ filter, name }: { filter: GalleryFilter; name: string }) {
  return (
    <a class="chip" href={hrefOf({ ...filter, tags: [...filter.tags, name] })}>
      <bdi>#{name}</bdi>
    </a>
  );
}

function hrefOf({ q, tags, owner, state }: GalleryFilter): string {
  return paths.gallery({ q, tag: tags, owner, state });
}
