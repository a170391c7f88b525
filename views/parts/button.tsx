import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icons.tsx";

type Kind = "primary" | "plain" | "quiet" | "danger";

/** A verb that sends the form around it. */
export function Button(props: {
  children: Child;
  kind?: Kind;
  icon?: IconName;
  name?: string;
  value?: string;
  /** Elsewhere than the form around it leads; with `formnovalidate` whatever is missing in it. */
  formaction?: string;
  /** For files. */
  formenctype?: "multipart/form-data";
  formnovalidate?: boolean;
}) {
  const { children, kind = "plain", icon, ...rest } = props;
  return (
    <button type="submit" class={`button ${kind}`} {...rest}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A way to somewhere else that looks like a button; `download` makes the browser save what is there. */
export function ButtonLink(props: {
  href: string;
  children: Child;
  kind?: Kind;
  icon?: IconName;
  download?: boolean;
}) {
  const { href, children, kind = "plain", icon, download } = props;
  return (
    <a class={`button ${kind}`} href={href} download={download}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}
