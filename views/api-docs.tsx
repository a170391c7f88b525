import { paths } from "../src/paths.ts";
import { Operation } from "./api/operation.tsx";
import { groupByTag, type OpenApiDocument } from "./api/openapi.ts";
import { Layout } from "./layout.tsx";
import type { Page } from "./page.ts";
import { ButtonLink } from "./parts/button.tsx";
import { Prose } from "./api/prose.tsx";

export type { OpenApiDocument } from "./api/openapi.ts";

/** The API's own description, to be read: every call with what goes in and what comes out. */
export function ApiDocsPage({ page, document }: { page: Page; document: OpenApiDocument }) {
  const groups = groupByTag(document);
  return (
    <Layout page={page} title="API" current="docs">
      <div class="docs">
        <nav class="docs-index" aria-label="Calls">
          {groups.map(({ tag, operations }) => (
            <section>
              <h2>
                <a href={`#${tag.anchor}`}>{tag.name}</a>
              </h2>
              <ul>
                {operations.map((operation) => (
                  <li>
                    <a href={`#${operation.anchor}`}>{operation.title}</a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </nav>
        <div class="docs-body">
          <h1>
            {document.info.title} API <span class="docs-version">version {document.info.version}</span>
          </h1>
          {document.info.description && (
            <p class="docs-lead">
              <Prose text={document.info.description} />
            </p>
          )}
          <ButtonLink href={paths.openapi()} icon="download">
            OpenAPI description
          </ButtonLink>
          {groups.map(({ tag, operations }) => (
            <section class="docs-group" aria-labelledby={tag.anchor}>
              <h2 id={tag.anchor}>{tag.name}</h2>
              {tag.description && (
                <p class="soft">
                  <Prose text={tag.description} />
                </p>
              )}
              {operations.map((operation) => (
                <Operation document={document} operation={operation} />
              ))}
            </section>
          ))}
        </div>
      </div>
    </Layout>
  );
}
