import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import type { FormError } from "../parts/field.tsx";
import { AddForm, type AddValues } from "./add-form.tsx";
import type { OptionsShown } from "./options.tsx";
import type { PreviewShown } from "./preview.tsx";
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
  /** To be shown to those who may add. */
  bookmarklet?: string;
}) {
  const { page, groups, bookmarklet, ...form } = props;
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
      <DownloadGroups page={page} groups={groups} />
      {page.user?.role !== "viewer" && bookmarklet && <WaysIn bookmarklet={bookmarklet} />}
    </Layout>
  );
}
