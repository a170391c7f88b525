import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Icon } from "../parts/icons.tsx";

const places = [
  ["Overview", paths.admin()],
  ["People", paths.people()],
  ["Invitations", paths.invites()],
  ["Cookies", paths.cookies()],
  ["Audit log", paths.audit()],
  ["Tools", paths.tools()],
] as const;

/** What stands around every page of administration; `at` is the place that it belongs to. */
export function AdminPage(props: {
  page: Page;
  at: (typeof places)[number][0];
  title: string;
  /** Beside the heading. */
  aside?: Child;
  children: Child;
}) {
  const { page, at, title, aside, children } = props;
  return (
    <Layout page={page} title={title}>
      <div class="admin">
        <nav class="filters" aria-label="Administration">
          {places.map(([name, href]) => (
            <a
              class={name === at ? "chip on" : "chip"}
              href={href}
              aria-current={name === at ? (title === at ? "page" : "true") : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        <div class="admin-head">
          <h1 dir="auto">{title}</h1>
          {aside}
        </div>
        {children}
      </div>
    </Layout>
  );
}

/** What was just done. */
export function DoneNotice({ children }: { children: Child }) {
  return (
    <p class="notice good" role="status">
      <Icon name="check" />
      <span>{children}</span>
    </p>
  );
}

/** A link that lets somebody in: it is in this answer and nowhere else. */
export function ShownLink(props: { title: Child; url: string; children: Child }) {
  const { title, url, children } = props;
  return (
    <section class="shown-link" aria-labelledby="shown-link-title">
      <h2 id="shown-link-title">{title}</h2>
      <p id="shown-link-note">{children}</p>
      <div class="shown-link-row">
        <input
          id="shown-link"
          value={url}
          readonly
          autocomplete="off"
          aria-label="The link"
          aria-describedby="shown-link-note"
          autofocus
        />
        <button type="button" class="button primary needs-script" data-copy="shown-link">
          <Icon name="copy" />
          <span>Copy</span>
        </button>
      </div>
    </section>
  );
}
