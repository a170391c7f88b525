import { apiRoot } from "../paths.ts";
import { CommandFailed } from "./terminal.ts";

/** A server, and what lets us in there. */
export interface Server {
  /** Its origin, e.g. "https://videos.example.org". */
  url: string;
  token?: string;
}

/** What a server refused, or that it gave no answer: status 0. */
export class ApiRefused extends CommandFailed {
  constructor(
    message: string,
    readonly status: number,
    /** When to try again, where the server said. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

const patienceMs = 30_000;

/** Calls the JSON API of a running server; what it refuses is an ApiRefused in its own words. */
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
    throw new ApiRefused(`There is no answer from ${url}: ${(error as Error).message}`, 0);
  });
  const type = response.headers.get("content-type") ?? "";
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as Answer;
  if (!type.includes("problem+json")) {
    throw new ApiRefused(
      `${url} answers ${response.status}, and not as Homereel does. Is it the right address?`,
      response.status,
    );
  }
  const { title, detail } = (await response.json()) as { title: string; detail: string };
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const seconds = Number.isFinite(retryAfter) ? retryAfter : null;
  throw new ApiRefused([title, detail].filter(Boolean).join(" "), response.status, seconds);
}
