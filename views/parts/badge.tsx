import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icons.tsx";

/** A word or two about the state of a thing. */
export function Badge(props: {
  kind: "waiting" | "working" | "good" | "bad";
  icon?: IconName;
  children: Child;
}) {
  return (
    <span class={`badge ${props.kind}`}>
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </span>
  );
}
