import { apiRoot } from "../paths.ts";
import { CommandFailed } from "./terminal.ts";

/** A server, and what lets us in there. */
export interface Server {
  /** Its origin, e.g. "https://videos.example.org". */
  url: string;
  token?: string;
}

const patienceMs = 30_000;

/** Calls the JSON API of a running server; what it refuses is a CommandFailed in its own words. */
export async function callApi<Answer>(
  { url, token }: Server,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(`${url}${apiRoot}${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    // A token goes to the server that was named, and nowhere else.
    redirect: "error",
    signal: AbortSignal.timeout(patienceMs),
  }).catch((error: unknown) => {
    throw new CommandFailed(`There is no answer from ${url}: ${(error as Error).message}`);
  });
  const type = response.headers.get("content-type") ?? "";
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as Answer;
  if (!type.includes("problem+json")) {
    throw new CommandFailed(
      `${url} answers ${response.status}, and not as Homereel does. Is it the right address?`,
    );
  }
  const { title, detail } = (await response.json()) as { title: string; detail: string };
  throw new CommandFailed([title, detail].filter(Boolean).join(" "));
}
