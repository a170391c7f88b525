import type { DownloadItem } from "../../src/features/downloads/item.ts";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";

const over = new Set(["done", "failed", "cancelled"]);

/** What yt-dlp said of one download. */
export function DownloadLogPage(props: { page: Page; download: DownloadItem; log: string }) {
  const { page, download, log } = props;
  const { title, state, error } = download;
  return (
    <Layout
      page={page}
      title={`Log of ${title}`}
      current="downloads"
      refreshSeconds={over.has(state) ? undefined : 5}
    >
      <h1>Log</h1>
      <p class="meta">
        <bdi>{title}</bdi>
        <span>
          <a href={paths.downloads()}>All downloads</a>
        </span>
      </p>
      {state === "failed" && error && (
        <p class="row-error" dir="auto">
          <strong>{error.message}</strong> {error.hint}
        </p>
      )}
      {log === "" ? (
        <p class="soft">Nothing was said yet.</p>
      ) : (
        <pre class="log" tabindex={0} role="region" aria-label="What the downloader said">
          {log}
        </pre>
      )}
    </Layout>
  );
}
