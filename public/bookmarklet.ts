import { toast } from "./toast.ts";

/** On our own page the bookmarklet is there to be dragged; our policy forbids it to run here. */
export function startBookmarklet(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("[data-bookmarklet]")) return;
    event.preventDefault();
    toast("Drag it to your bookmarks, and click it there.");
  });
}
