import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";

const places = [
  ["Account", paths.account()],
  ["Sessions", paths.sessions()],
  ["API tokens", paths.tokens()],
] as const;

/** What stands around every page of one's own account. */
export function OwnPage(props: { page: Page; title: (typeof places)[number][0]; children: Child }) {
  const { page, title, children } = props;
  return (
    <Layout page={page} title={title} current="account">
      <div class="own">
        <nav class="filters" aria-label="Your account">
          {places.map(([name, href]) => (
            <a
              class={name === title ? "chip on" : "chip"}
              href={href}
              aria-current={name === title ? "page" : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        <h1>{title}</h1>
        {children}
      </div>
    </Layout>
  );
}
