/** As much of OpenAPI 3.1 as the page shows; everything may be absent except what the standard demands. */
export interface OpenApiDocument {
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths?: Record<string, Record<string, unknown> | undefined>;
  components?: { schemas?: Record<string, unknown>; parameters?: Record<string, unknown> } & Record<
    string,
    unknown
  >;
}

export interface ApiOperation {
  method: string;
  path: string;
  anchor: string;
  title: string;
  description: string;
  parameters: Parameter[];
  body: { required: boolean; type: string; schema: Schema } | null;
  responses: { status: string; description: string; type: string | null; schema: Schema | null }[];
  open: boolean;
}

export interface Parameter {
  name: string;
  in: string;
  required: boolean;
  description: string;
  schema: Schema;
}

export type Schema = Record<string, unknown>;

const methods = ["get", "post", "put", "patch", "delete"];

/** Calls by their first tag, in the order of the document. */
export function groupByTag(document: OpenApiDocument) {
  const groups = new Map<string, ApiOperation[]>();
  for (const { name } of document.tags ?? []) groups.set(name, []);
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = item?.[method];
      if (!isRecord(operation)) continue;
      const tag = listOf(operation.tags).find((one) => typeof one === "string") ?? "other";
      const group = groups.get(tag) ?? [];
      group.push(readOperation(document, path, method, item ?? {}, operation));
      groups.set(tag, group);
    }
  }
  return [...groups]
    .filter(([, operations]) => operations.length > 0)
    .map(([name, operations]) => ({
      tag: {
        name,
        anchor: anchorOf(name),
        description: document.tags?.find((tag) => tag.name === name)?.description,
      },
      operations,
    }));
}

/** Follows `$ref` within the document; what can't be found is an empty schema. */
export function resolve(document: OpenApiDocument, value: unknown): Schema {
  let found = value;
  // A chain of references that never ends must not hang the page.
  for (let step = 0; step < 10 && isRecord(found) && typeof found.$ref === "string"; step++) {
    found = found.$ref
      .replace(/^#\//, "")
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>((node, part) => (isRecord(node) ? node[part] : undefined), document);
  }
  return isRecord(found) ? found : {};
}

/** "array of Video", "string · uuid", "integer · null": a schema in a word or two. */
export function typeOf(document: OpenApiDocument, schema: unknown): string {
  if (isRecord(schema) && typeof schema.$ref === "string") return schema.$ref.split("/").pop() ?? "object";
  const seen = resolve(document, schema);
  const either = listOf(seen.anyOf ?? seen.oneOf);
  if (either.length > 0) return either.map((one) => typeOf(document, one)).join(" or ");
  const both = listOf(seen.allOf);
  if (both.length > 0) return both.map((one) => typeOf(document, one)).join(" and ");
  if (Array.isArray(seen.enum)) return seen.enum.map((one) => JSON.stringify(one)).join(" | ");
  if ("const" in seen) return JSON.stringify(seen.const);
  const types = listOf(seen.type).map((type) =>
    type === "array" ? `array of ${typeOf(document, seen.items)}` : String(type),
  );
  const name = types.length > 0 ? types.join(" or ") : "any";
  return typeof seen.format === "string" ? `${name} (${seen.format})` : name;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readOperation(
  document: OpenApiDocument,
  path: string,
  method: string,
  item: Record<string, unknown>,
  operation: Record<string, unknown>,
): ApiOperation {
  const parameters = [...listOf(item.parameters), ...listOf(operation.parameters)];
  const body = resolve(document, operation.requestBody);
  const content = firstContent(body.content);
  return {
    method: method.toUpperCase(),
    path,
    anchor: anchorOf(`${method} ${path}`),
    title: text(operation.summary) || `${method.toUpperCase()} ${path}`,
    description: text(operation.description),
    parameters: parameters.map((one) => readParameter(resolve(document, one))),
    body: content && { required: body.required === true, ...content },
    responses: Object.entries(isRecord(operation.responses) ? operation.responses : {}).map(
      ([status, value]) => {
        const response = resolve(document, value);
        const answer = firstContent(response.content);
        return {
          status,
          description: text(response.description),
          type: answer?.type ?? null,
          schema: answer?.schema ?? null,
        };
      },
    ),
    open: Array.isArray(operation.security) && operation.security.length === 0,
  };
}

function readParameter(parameter: Schema): Parameter {
  return {
    name: text(parameter.name),
    in: text(parameter.in),
    required: parameter.required === true,
    description: text(parameter.description),
    schema: isRecord(parameter.schema) ? parameter.schema : {},
  };
}

function firstContent(content: unknown): { type: string; schema: Schema } | null {
  const [first] = Object.entries(isRecord(content) ? content : {});
  if (!first) return null;
  const [type, media] = first;
  return { type, schema: isRecord(media) && isRecord(media.schema) ? media.schema : {} };
}

function anchorOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
