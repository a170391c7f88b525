import { type Remedy, remediesOf } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "./button.tsx";
import type { IconName } from "./icons.tsx";

/** Of a page, whose it is. */
export type Viewer = Pick<Page, "user">;

interface Way {
  href: (url: string) => string;
  icon: IconName;
  words: string;
  /** Others read in the hint whom to ask. */
  forAdmins: boolean;
}

/** To try again and to remove are buttons of what failed itself. */
const ways: Partial<Record<Remedy, Way>> = {
  add_cookies: {
    href: (url) => paths.cookies(new URL(url).hostname),
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
export function RemedyLinks(props: { page: Viewer; url: string; code: string | undefined }) {
  const { page, url, code = "" } = props;
  const open = remediesOf(code).flatMap((remedy) => ways[remedy] ?? []);
  return (
    <>
      {open
        .filter(({ forAdmins }) => !forAdmins || page.user?.role === "admin")
        .map(({ href, icon, words }) => (
          <ButtonLink href={href(url)} icon={icon}>
            {words}
          </ButtonLink>
        ))}
    </>
  );
}
