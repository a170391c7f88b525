import type { Child } from "hono/jsx";
import { Badge } from "../parts/badge.tsx";
import { Icon } from "../parts/icons.tsx";
import {
  type ApiOperation,
  isRecord,
  type OpenApiDocument,
  resolve,
  type Schema,
  typeOf,
} from "./openapi.ts";
import { Prose } from "./prose.tsx";

/** One call: its address, what goes in, what comes out. */
export function Operation({ document, operation }: { document: OpenApiDocument; operation: ApiOperation }) {
  const { method, path, anchor, title, description, parameters, body, responses, open } = operation;
  return (
    <article class="operation" id={anchor}>
      <h3>
        <a href={`#${anchor}`}>{title}</a>
      </h3>
      <p class="operation-address">
        <span class="method" data-method={method}>
          {method}
        </span>
        <code>{path}</code>
        {open && <Badge kind="waiting">No login</Badge>}
      </p>
      {description && (
        <p>
          <Prose text={description} />
        </p>
      )}
      {parameters.length > 0 && (
        <Rows title="Parameters">
          {parameters.map((one) => (
            <Row
              name={one.name}
              type={`${typeOf(document, one.schema)}, in the ${one.in}`}
              required={one.required}
              description={one.description || textOf(one.schema.description)}
            />
          ))}
        </Rows>
      )}
      {body && (
        <Rows title="Body" type={body.type}>
          <Properties document={document} schema={body.schema} />
        </Rows>
      )}
      <Rows title="Answers">
        {responses.map((one) => (
          <Row
            name={one.status}
            type={one.schema ? typeOf(document, one.schema) : ""}
            description={one.description}
          >
            {isSuccess(one.status) && one.schema && (
              <details class="fold">
                <summary>
                  Fields
                  <Icon name="chevron-down" />
                </summary>
                <dl class="docs-rows">
                  <Properties document={document} schema={one.schema} />
                </dl>
              </details>
            )}
          </Row>
        ))}
      </Rows>
    </article>
  );
}

function Properties({ document, schema }: { document: OpenApiDocument; schema: Schema }) {
  const properties = propertiesOf(document, schema);
  if (properties.length === 0) return <Row name="" type={typeOf(document, schema)} description="" />;
  return (
    <>
      {properties.map(({ name, schema: one, required }) => (
        <Row
          name={name}
          type={typeOf(document, one)}
          required={required}
          description={textOf(resolve(document, one).description)}
        />
      ))}
    </>
  );
}

function Rows({ title, type, children }: { title: string; type?: string; children: Child }) {
  return (
    <>
      <h4>
        {title} {type && <small>{type}</small>}
      </h4>
      <dl class="docs-rows">{children}</dl>
    </>
  );
}

function Row(props: {
  name: string;
  type: string;
  required?: boolean;
  description: string;
  children?: Child;
}) {
  const { name, type, required, description, children } = props;
  return (
    <div>
      <dt>
        {name && <code>{name}</code>}
        {required && <span class="required">required</span>}
      </dt>
      <dd>
        <span class="docs-type">{type}</span>
        {description && (
          <p>
            <Prose text={description} />
          </p>
        )}
        {children}
      </dd>
    </div>
  );
}

function propertiesOf(
  document: OpenApiDocument,
  schema: Schema,
): { name: string; schema: unknown; required: boolean }[] {
  const seen = resolve(document, schema);
  const parts = Array.isArray(seen.allOf)
    ? seen.allOf.flatMap((one) => propertiesOf(document, one as Schema))
    : [];
  const required = Array.isArray(seen.required) ? seen.required : [];
  const own = Object.entries(isRecord(seen.properties) ? seen.properties : {});
  return [...parts, ...own.map(([name, one]) => ({ name, schema: one, required: required.includes(name) }))];
}

function isSuccess(status: string): boolean {
  return status.startsWith("2");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
