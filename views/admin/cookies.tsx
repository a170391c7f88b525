import type { CookieJar } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, TextArea } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { AdminPage, DoneNotice } from "./frame.tsx";

export interface CookiesProps {
  page: Page;
  jars: CookieJar[];
  /** That the form is for. */
  site?: string;
  error?: FormError;
  /** The site whose cookies were just added. */
  added?: string;
  tested?: CookieJar;
  testError?: FormError;
}

/** What lets downloads in at sites; it goes in here and never comes out again. */
export function CookiesPage(props: CookiesProps) {
  const { page, jars, added, tested, testError } = props;
  return (
    <AdminPage page={page} at="Cookies" title="Cookies">
      <p class="soft admin-lead">
        Some sites give videos only to whom they know. With the cookies of a browser that is logged in there,
        everybody's downloads from that site are let in as that account, and from no other site.
      </p>
      {added && (
        <DoneNotice>
          Cookies for <bdi>{added}</bdi> are kept. What failed for want of them can be tried again.
        </DoneNotice>
      )}
      {tested && <Tested jar={tested} />}
      <FormNotice error={testError} />
      <NewCookies {...props} />
      {jars.length > 0 && <JarTable page={page} jars={jars} />}
    </AdminPage>
  );
}

function Tested({ jar: { site, testError } }: { jar: CookieJar }) {
  if (testError !== null) return <FormNotice error={{ message: `${site}: ${testError}` }} />;
  return (
    <DoneNotice>
      <bdi>{site}</bdi> answers as it should.
    </DoneNotice>
  );
}

function NewCookies({ site = "", error, jars, added }: CookiesProps) {
  const isOpen = error !== undefined || site !== "" || (jars.length === 0 && !added);
  return (
    <details class="fold" open={isOpen}>
      <summary>
        <Icon name="plus" />
        Add cookies
      </summary>
      <form
        class="fold-body form admin-form"
        method="post"
        action={paths.cookies()}
        enctype="multipart/form-data"
      >
        {error && !["site", "cookies"].includes(error.field ?? "") && <FormNotice error={error} />}
        <Field
          name="site"
          label="Site"
          value={site}
          error={error}
          note="Such as example.org. Hosts below it get them too."
          required
          maxlength="200"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          inputmode="url"
        />
        <Field name="file" label="Cookie file" type="file" accept=".txt,.json,text/plain,application/json" />
        <TextArea
          name="cookies"
          label="Or its text"
          value=""
          error={error}
          note="As a browser's extension exports it, in the Netscape format. Only what is for the site is kept, and nobody can read it here again."
          rows="4"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
        />
        <Button kind="primary" icon="key-round">
          Keep the cookies
        </Button>
      </form>
    </details>
  );
}

function JarTable({ page, jars }: { page: Page; jars: CookieJar[] }) {
  return (
    <table class="admin-table">
      <caption>Sites with cookies</caption>
      <thead>
        <tr>
          <th scope="col">Site</th>
          <th scope="col">Added</th>
          <th scope="col">Ends</th>
          <th scope="col">Test</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {jars.map((jar) => (
          <JarRow page={page} jar={jar} />
        ))}
      </tbody>
    </table>
  );
}

function JarRow({ page, jar }: { page: Page; jar: CookieJar }) {
  const { site, addedBy, addedAt, expiresAt } = jar;
  return (
    <tr>
      <th scope="row">
        <bdi>{site}</bdi>
      </th>
      <td data-before="added">
        <Time at={addedAt} now={page.now} /> by <bdi>{addedBy}</bdi>
      </td>
      <td data-before="ends">
        {expiresAt === null ? "unknown" : <Time at={expiresAt} now={page.now} />}{" "}
        {expiresAt !== null && expiresAt <= page.now && <Badge kind="bad">Over</Badge>}
      </td>
      <td>
        <TestState page={page} jar={jar} />
        <form class="cookie-test" method="post" action={paths.testCookies(site)}>
          <input
            name="url"
            type="url"
            placeholder="https://…"
            aria-label={`A video of ${site} that takes a login`}
            autocomplete="off"
          />
          <Button kind="quiet" icon="play">
            Test<span class="visually-hidden"> the cookies for {site}</span>
          </Button>
        </form>
      </td>
      <td class="admin-act">
        <form method="post" action={paths.deleteCookies(site)}>
          <Button kind="quiet" icon="trash-2">
            Delete<span class="visually-hidden"> the cookies for {site}</span>
          </Button>
        </form>
      </td>
    </tr>
  );
}

function TestState({ page, jar: { testedAt, testError } }: { page: Page; jar: CookieJar }) {
  if (testedAt === null) return <p class="soft">Not tested</p>;
  return (
    <p class="soft">
      {testError === null ? "Worked" : "Failed"} <Time at={testedAt} now={page.now} />
      {testError !== null && `: ${testError}`}
    </p>
  );
}
