import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icons.tsx";

/** What a place is for, and the one button that fills it. */
export function EmptyState(props: { icon: IconName; title: string; children: Child; action?: Child }) {
  return (
    <section class="empty">
      <Icon name={props.icon} />
      <h2>{props.title}</h2>
      <p>{props.children}</p>
      {props.action}
    </section>
  );
}
