import type { Page } from "../page.ts";
import { ButtonLink } from "./button.tsx";

/**
 * The end of a list that goes on: fetches what follows when it comes into view and is replaced by it;
 * without scripts, a link.
 */
export function Pager({ page, href }: { page: Page; href: string }) {
  return (
    <div
      class="pager"
      hx-get={href}
      hx-trigger="intersect once rootMargin:600px"
      hx-swap="outerHTML"
      hx-nonce={page.nonce}
    >
      <ButtonLink href={href}>Show more</ButtonLink>
    </div>
  );
}
