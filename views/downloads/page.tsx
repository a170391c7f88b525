import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import type { FormError } from "../parts/field.tsx";
import { AddForm, type AddValues } from "./add-form.tsx";
import type { OptionsShown } from "./options.tsx";
import type { PreviewShown } from "./preview-shown.ts";
import { DownloadGroups, type DownloadGroupsOf } from "./queue.tsx";
import { WaysIn } from "./ways-in.tsx";

export { DownloadRow } from "./row.tsx";

/** The add box with the queue under it. */
export function DownloadsPage(props: {
  page: Page;
  groups: DownloadGroupsOf;
  values?: AddValues;
  error?: FormError;
  options?: OptionsShown;
  preview?: PreviewShown | null;
  unfolded?: boolean;
  /** So many that failed were just not started again. */
  leftOut?: number;
  /** To be shown to those who may add. */
  bookmarklet?: string;
}) {
  const { page, groups, bookmarklet, leftOut = 0, ...form } = props;
  const busy = groups.counts.running + groups.counts.waiting > 0;
  return (
    <Layout
      page={page}
      title="Downloads"
      current="downloads"
      live="downloads"
      refreshSeconds={busy && !form.preview && !form.error ? 10 : undefined}
    >
      <h1>Downloads</h1>
      {page.user?.role !== "viewer" && <AddForm page={page} {...form} />}
      <LeftOut count={leftOut} />
      <DownloadGroups page={page} groups={groups} />
      {page.user?.role !== "viewer" && bookmarklet && <WaysIn bookmarklet={bookmarklet} />}
    </Layout>
  );
}

/** It is always there: what a line says is only read out where the line was there before. */
function LeftOut({ count }: { count: number }) {
  return (
    <p id="queue-said" class="queue-said" role="status">
      {count > 0 &&
        (count === 1
          ? "1 download was left out: it would fail again in the same way."
          : `${count.toLocaleString("en-GB")} downloads were left out: they would fail again in the same way.`)}
    </p>
  );
}
