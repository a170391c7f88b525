import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { DownloadGroups, type DownloadGroupsOf } from "./queue.tsx";

/** Of a long queue more than the page of downloads shows; as it was when it was asked for. */
export function QueuePage({ page, groups }: { page: Page; groups: DownloadGroupsOf }) {
  return (
    <Layout page={page} title="The whole queue" current="downloads">
      <h1>The whole queue</h1>
      <p>
        As it is now. <a href={paths.downloads()}>What comes next is shown live.</a>
      </p>
      <DownloadGroups page={page} groups={groups} />
    </Layout>
  );
}
