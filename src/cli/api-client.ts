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
    /** What happened, for programs; empty where the server said nothing. */
    readonly code = "",
  ) {
    super(message);
  }
}

const patienceMs = 30_000;

/** Calls the JSON API of a running server; what it refuses is an ApiRefused in its own words. */
export async function callApi<Answer>(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await askServer(server, path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(patienceMs),
  });
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** The same for any request: the answer, where it is a good one. */
export async function askServer(
  { url, token }: Server,
  path: string,
  { headers, ...init }: RequestInit & { headers: Record<string, string> },
): Promise<Response> {
  const response = await fetch(`${url}${apiRoot}${path}`, {
    ...init,
    headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
    // A token goes to the server that was named, and nowhere else.
    redirect: "error",
  }).catch((error: unknown) => {
    throw new ApiRefused(`There is no answer from ${url}: ${(error as Error).message}`, 0);
  });
  if (response.ok) return response;
  throw await refusalOf(url, response);
}

async function refusalOf(url: string, response: Response): Promise<ApiRefused> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("problem+json")) {
    return new ApiRefused(
      `${url} answers ${response.status}, and not as Homereel does. Is it the right address?`,
      response.status,
    );
  }
  const { title, detail, code } = (await response.json()) as { title: string; detail: string; code: string };
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const seconds = Number.isFinite(retryAfter) ? retryAfter : null;
  return new ApiRefused([title, detail].filter(Boolean).join(" "), response.status, seconds, code);
}
