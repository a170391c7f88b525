import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";

/** What stays the same while somebody goes to and fro between logging in and making an account. */
export interface Way {
  /** Where they wanted to go. */
  next: string;
  /** Secret of the invitation that they came with, or "". */
  invite: string;
  /** Whether there is anything but logging in. */
  canRegister: boolean;
}

/** The one page behind both: what is chosen stands in the address, so that it works without scripts. */
export function Door(props: {
  page: Page;
  way: Way;
  at: "login" | "register";
  /** Where it is more than what the switch says. */
  heading?: Child;
  lead?: Child;
  children: Child;
}) {
  const { page, way, at, heading, lead, children } = props;
  const title = at === "login" ? "Log in" : "Make an account";
  return (
    <Layout page={page} title={title} current="account">
      <div class="door">
        {way.canRegister && <DoorSwitch way={way} at={at} />}
        <div class="door-head">
          <h1 class={way.canRegister && !heading ? "visually-hidden" : undefined}>{heading ?? title}</h1>
          {lead && <p class="soft">{lead}</p>}
        </div>
        {children}
      </div>
    </Layout>
  );
}

function DoorSwitch({ way, at }: { way: Way; at: "login" | "register" }) {
  const next = onward(way);
  const here = (place: "login" | "register") => (place === at ? "page" : undefined);
  return (
    <nav class="door-switch" aria-label="Log in or make an account">
      <a href={paths.login(next, way.invite)} aria-current={here("login")}>
        Log in
      </a>
      <a href={paths.register(way.invite, next)} aria-current={here("register")}>
        Make an account
      </a>
    </nav>
  );
}

/** For an address; the gallery is where everybody goes who wanted nothing else. */
export function onward({ next }: Pick<Way, "next">): string | undefined {
  return next === paths.gallery() ? undefined : next;
}
