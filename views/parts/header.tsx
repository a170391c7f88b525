import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "./button.tsx";
import { Icon, Mark } from "./icons.tsx";
import { ThemeForm, ThemeMenu } from "./theme.tsx";
import { Tray } from "./tray.tsx";

export type Place = "gallery" | "mine" | "downloads" | "player" | "docs" | "account";

/** What stands above every page of a person who is logged in. */
export function Header({ page, current, q }: { page: Page; current?: Place; q?: string }) {
  const { user } = page;
  if (!user) return <BareHeader page={page} />;
  return (
    <header class="top">
      <Wordmark current={current === "gallery"} />
      <search class="top-search">
        <form action={paths.gallery()} method="get">
          <Icon name="search" />
          <input
            type="search"
            name="q"
            value={q}
            placeholder="Search"
            aria-label="Search videos"
            autocomplete="off"
            data-search
          />
          <kbd class="needs-script" aria-hidden="true">
            /
          </kbd>
        </form>
      </search>
      <nav class="top-actions" aria-label="Main">
        {user.role !== "viewer" && (
          <ButtonLink href={`${paths.downloads()}#add`} kind="primary" icon="plus">
            Add
          </ButtonLink>
        )}
        <Tray running={page.running ?? 0} current={current === "downloads"} />
        <ThemeMenu page={page} />
        <AccountMenu page={page} user={user} />
      </nav>
    </header>
  );
}

/** For people who are not logged in. */
export function BareHeader({ page }: { page: Page }) {
  return (
    <header class="top bare">
      <Wordmark />
      <div class="top-actions">
        <ThemeMenu page={page} />
      </div>
    </header>
  );
}

function Wordmark({ current }: { current?: boolean }) {
  return (
    <a
      class="wordmark"
      href={paths.gallery()}
      aria-label="Homereel"
      aria-current={current ? "page" : undefined}
    >
      <Mark />
      <span>Homereel</span>
    </a>
  );
}

function AccountMenu({ page, user }: { page: Page; user: NonNullable<Page["user"]> }) {
  return (
    <div>
      <button
        type="button"
        class="button quiet icon-only anchor-account"
        popovertarget="account-menu"
        aria-label="Account"
        title={user.name}
      >
        <Icon name="circle-user" />
      </button>
      <div id="account-menu" class="menu at-account" popover="auto">
        <p class="menu-head">
          <strong dir="auto">{user.name}</strong>
          <span>{user.email}</span>
        </p>
        <div class="narrow-only">
          <ThemeForm page={page} />
        </div>
        <a class="menu-item" href={paths.mine()}>
          <Icon name="film" />
          My videos
        </a>
        {user.role !== "viewer" && (
          <a class="menu-item" href={paths.images()}>
            <Icon name="images" />
            Pictures
          </a>
        )}
        <a class="menu-item" href={paths.account()}>
          <Icon name="settings" />
          Account
        </a>
        {user.role === "admin" && (
          <a class="menu-item" href={paths.admin()}>
            <Icon name="shield" />
            Administration
          </a>
        )}
        <button type="button" class="menu-item needs-script" data-open="shortcuts">
          <Icon name="keyboard" />
          Keyboard shortcuts
        </button>
        <a class="menu-item" href={paths.apiDocs()}>
          <Icon name="external-link" />
          API
        </a>
        <form method="post" action={paths.logout()}>
          <Button kind="quiet" icon="log-out">
            Log out
          </Button>
        </form>
      </div>
    </div>
  );
}
