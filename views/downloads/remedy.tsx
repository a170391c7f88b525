import type { DownloadItem } from "../../src/features/downloads/item.ts";
import type { Remedy } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import type { IconName } from "../parts/icons.tsx";

/** Of a page, whose it is. */
export type Viewer = Pick<Page, "user">;

interface Way {
  href: (url: string) => string;
  icon: IconName;
  words: string;
  /** Others read in the hint whom to ask. */
  forAdmins: boolean;
}

/** To try again is a button of every download that failed and may pass. */
const ways: Record<Exclude<Remedy, "retry">, Way> = {
  add_cookies: {
    href: (url) => paths.cookies(new URL(url).hostname),
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

/** The way to what helps with a failure at this address, where this person can go it. */
export function RemedyLink(props: { page: Viewer; url: string; remedy: Remedy | null | undefined }) {
  const { page, url, remedy } = props;
  if (!remedy || remedy === "retry") return null;
  const { href, icon, words, forAdmins } = ways[remedy];
  if (forAdmins && page.user?.role !== "admin") return null;
  return (
    <ButtonLink href={href(url)} icon={icon}>
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
