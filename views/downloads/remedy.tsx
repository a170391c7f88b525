import type { DownloadItem } from "../../src/features/downloads/item.ts";
import type { Remedy } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import type { IconName } from "../parts/icons.tsx";

interface Way {
  href: (download: DownloadItem) => string;
  icon: IconName;
  words: string;
  /** Others read in the hint whom to ask. */
  forAdmins: boolean;
}

/** To try again is a button of every download that failed and may pass. */
const ways: Record<Exclude<Remedy, "retry">, Way> = {
  add_cookies: {
    href: ({ url }) => paths.cookies(new URL(url).hostname),
    icon: "key-round",
    words: "Add cookies",
    forAdmins: true,
  },
  update_ytdlp: { href: () => paths.tools(), icon: "download", words: "Update yt-dlp", forAdmins: true },
  free_space: {
    href: () => paths.mine(),
    icon: "trash-2",
    words: "Free space",
    forAdmins: false,
  },
};

/** The way to what helps with a failure, where this person can go it. */
export function RemedyLink({ page, download }: { page: Page; download: DownloadItem }) {
  const remedy = download.state === "failed" ? download.error?.remedy : null;
  if (!remedy || remedy === "retry") return null;
  const { href, icon, words, forAdmins } = ways[remedy];
  if (forAdmins && page.user?.role !== "admin") return null;
  return (
    <ButtonLink href={href(download)} icon={icon}>
      {words}
    </ButtonLink>
  );
}

export function LogLink({ download }: { download: DownloadItem }) {
  return (
    <a class="row-log" href={paths.downloadLog(download.id)}>
      Log<span class="visually-hidden"> of {download.title}</span>
    </a>
  );
}
