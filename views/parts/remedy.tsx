import { type Remedy, remediesOf } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "./button.tsx";
import type { IconName } from "./icons.tsx";

/** Of a page, whose it is. */
export type Viewer = Pick<Page, "user">;

interface Way {
  /** Null where it leads nowhere: what was sent has no site. */
  href: (url: string | null) => string | null;
  icon: IconName;
  words: string;
  /** Others read in the hint whom to ask. */
  forAdmins: boolean;
}

/** To try again and to remove are buttons of what failed itself. */
const ways: Partial<Record<Remedy, Way>> = {
  add_cookies: {
    href: (url) => url && paths.cookies(new URL(url).hostname),
    icon: "key-round",
    words: "Add cookies",
    forAdmins: true,
  },
  update_ytdlp: { href: () => paths.tools(), icon: "download", words: "Update yt-dlp", forAdmins: true },
  free_space: {
    href: () => paths.mine(),
    icon: "hard-drive",
    words: "Free space",
    forAdmins: false,
  },
};

/** The ways to what helps with a failure of this code at this address, as far as this person can go them. */
export function RemedyLinks(props: {
  page: Viewer;
  url: string | null;
  code: string | undefined;
  /** Where they are already. */
  at?: string;
}) {
  const { page, url, code = "", at } = props;
  const isAdmin = page.user?.role === "admin";
  return (
    <>
      {remediesOf(code).map((remedy) => {
        const way = ways[remedy];
        const href = way?.href(url);
        return (
          way &&
          href &&
          href !== at &&
          (isAdmin || !way.forAdmins) && (
            <ButtonLink href={href} icon={way.icon}>
              {way.words}
            </ButtonLink>
          )
        );
      })}
    </>
  );
}
