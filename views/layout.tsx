import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { LiveConnection, type Topic } from "./live.tsx";
import type { Page, Theme } from "./page.ts";
import { AddDialog, ShortcutsDialog } from "./parts/dialogs.tsx";
import { Header, type Place } from "./parts/header.tsx";
import { PageNotice } from "./parts/page-notice.tsx";
import { UploadsPanel } from "./uploads/panel.tsx";

const htmxConfig = JSON.stringify({
  extensions: "hx-csp, sse",
  // Its own style sheet and eval would break the CSP; its history would refetch pages that the browser keeps.
  includeIndicatorCSS: false,
  history: false,
  // Set by scripts on what plays. Not htmx's own attribute: hx-csp takes that off whatever has no nonce.
  morphSkip: "[data-playing]",
  // An error page must not land in the middle of a list: `public/live.ts` says what happened.
  noSwap: [204, 304, "4xx", "5xx"],
});

/** A whole document. Signed-out pages have no search, no tray, no account and no connection. */
export function Layout(props: {
  page: Page;
  title: string;
  current?: Place;
  /** What this page wants to hear of; "tray" by default. */
  live?: Topic;
  /** For the search box. */
  q?: string;
  /** Scripts of this page beside app.js. */
  scripts?: string[];
  /** Where no scripts run, the page is loaded anew after so many seconds. */
  refreshSeconds?: number;
  children: Child;
}) {
  const { page, title, current, live = "tray", q, scripts = [], refreshSeconds, children } = props;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en" data-theme={page.theme}>
        <head>
          <meta charset="utf-8" />
          <title>{title === "Homereel" ? title : `${title} · Homereel`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
          <meta name="color-scheme" content="dark light" />
          <meta name="robots" content="noindex" />
          {/* In place of the header's no-referrer, under which forms send "Origin: null" (Fetch, "append a request
              Origin header"). Without TLS browsers say nothing else of where a form was. Other sites learn as little. */}
          <meta name="referrer" content="same-origin" />
          <meta name="htmx-config" content={htmxConfig} />
          <link rel="icon" href={page.asset("favicon.svg")} type="image/svg+xml" />
          <link rel="apple-touch-icon" href={page.asset("touch-icon.png")} />
          <link rel="manifest" href={page.asset("app.webmanifest")} />
          <ThemeColors theme={page.theme} />
          <link rel="stylesheet" href={page.asset("app.css")} />
          {["app.js", ...scripts].map((name) => (
            <script type="module" src={page.asset(name)} nonce={page.nonce} />
          ))}
          {refreshSeconds && (
            <noscript>
              <meta http-equiv="refresh" content={String(refreshSeconds)} />
            </noscript>
          )}
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to the content
          </a>
          <Header page={page} current={current} q={q} />
          {page.user && <PageNotice notice={page.notice} />}
          <main id="main" tabindex={-1} class={current && `at-${current}`}>
            {children}
          </main>
          {page.user && (
            <>
              {current !== "downloads" && page.user.role !== "viewer" && <AddDialog page={page} />}
              <ShortcutsDialog />
              <UploadsPanel page={page} />
              <LiveConnection page={page} topic={live} />
            </>
          )}
          <div id="toasts" role="status" aria-live="polite" />
        </body>
      </html>
    </>
  );
}

/** What a phone puts round the page: `--ground` of each theme, where a style sheet can't say it. */
function ThemeColors({ theme }: { theme: Theme }) {
  const grounds = { dark: "#100e0c", light: "#fbfaf7" };
  if (theme !== "auto") return <meta name="theme-color" content={grounds[theme]} />;
  return (
    <>
      {(["dark", "light"] as const).map((scheme) => (
        <meta name="theme-color" content={grounds[scheme]} media={`(prefers-color-scheme: ${scheme})`} />
      ))}
    </>
  );
}
