import { toast } from "./toast.ts";

/** A part that the form always has. */
export function partOf(root: Element | DocumentFragment | null, selector: string): HTMLElement {
  const part = root?.querySelector<HTMLElement>(selector);
  if (!part) throw new Error(`the form has no ${selector}`);
  return part;
}

/** What the server answers to these fields, as markup; null where nobody waits for it any more, or it is away. */
export async function askForm(
  path: string,
  fields: FormData | null,
  signal?: AbortSignal,
): Promise<DocumentFragment | null> {
  const body = fields && new URLSearchParams(fields as unknown as Record<string, string>);
  try {
    const answer = await fetch(path, {
      method: body ? "POST" : "GET",
      body,
      signal,
      headers: { "x-part": "1" },
    });
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    return template.content;
  } catch (error) {
    if (signal?.aborted) return null;
    if (!(error instanceof TypeError)) throw error;
    toast("The server can't be reached.");
    return null;
  }
}
