import { toast } from "./toast.ts";

/** `<button data-copy="id">` puts what that field holds on the clipboard. */
export function startCopy(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    const field = button && document.querySelector<HTMLInputElement>(`#${button.dataset.copy}`);
    if (field) void copy(field);
  });
}

async function copy(field: HTMLInputElement): Promise<void> {
  field.select();
  toast((await put(field.value)) ? "Copied" : "Copy it with your keyboard: it is marked.");
}

/** Browsers keep the clipboard API from pages that come without TLS, as most of a home do; those take the old way. */
async function put(text: string): Promise<boolean> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (!clipboard) return document.execCommand("copy");
  return clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}
