import { paths } from "../src/paths.ts";
import { Layout } from "./layout.tsx";
import type { Page } from "./page.ts";
import { ButtonLink } from "./parts/button.tsx";

/** What happened and what to do, calmly. `code` is the stable name that a report can quote. */
export function ErrorPage(props: {
  page: Page;
  status: number;
  message: string;
  hint: string;
  code: string;
}) {
  const { page, status, message, hint, code } = props;
  return (
    <Layout page={page} title={message}>
      <div class="door error-page">
        <p class="error-status">{status}</p>
        <h1 dir="auto">{message}</h1>
        {hint && (
          <p class="soft" dir="auto">
            {hint}
          </p>
        )}
        <div class="actions">
          {page.user ? (
            <ButtonLink href={paths.gallery()}>To the gallery</ButtonLink>
          ) : (
            <ButtonLink href={paths.login(page.here)}>Log in</ButtonLink>
          )}
        </div>
        <p class="error-code">
          <code>{code}</code>
        </p>
      </div>
    </Layout>
  );
}
