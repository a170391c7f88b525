import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { FormNotice, PasswordField } from "../parts/field.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";
import { type PersonProps, failedIn } from "./person-props.ts";

/** How they get in, and that they don't. */
export function WaysIn(props: PersonProps) {
  const { person } = props;
  const { id, hasPassword } = person;
  const failed = failedIn("password", props);
  return (
    <>
      <Fold
        id="password-part"
        icon="key-round"
        title={hasPassword ? "Set a new password" : "Set a password"}
        isOpen={failed !== null}
      >
        <form class="form" method="post" action={`${paths.personPassword(id)}#password-part`}>
          {failed && !failed.error.field && <FormNotice error={failed.error} />}
          <PasswordField
            name="password"
            label="New password"
            autocomplete="new-password"
            error={failed?.error}
            note="At least 10 characters. Tell it to nobody else; all sessions of the account end."
          />
          <Button>Set the password</Button>
        </form>
      </Fold>
      <Act
        icon="link"
        label="Make a link that sets a new password"
        action={paths.personResetLink(id)}
        failed={failedIn("link", props)}
      />
      <Act
        icon="log-out"
        label="Log out everywhere"
        action={paths.personLogout(id)}
        failed={failedIn("sessions", props)}
      />
    </>
  );
}

export function Switch(props: PersonProps) {
  const { page, person } = props;
  const { id, disabled } = person;
  const failed = failedIn("switch", props);
  if (disabled) {
    return <Act icon="check" label="Enable the account" action={paths.personEnable(id)} failed={failed} />;
  }
  const isOneself = id === page.user?.id;
  return (
    <Fold id="disable" icon="ban" title="Disable the account" isOpen={failed !== null}>
      <form class="form" method="post" action={`${paths.personDisable(id)}#disable`}>
        {failed && <FormNotice error={failed.error} />}
        <p>
          {isOneself
            ? "You are logged out at once, and can't log in any more until another admin enables you."
            : "Nobody can log in with it, and its sessions and tokens let nobody in. All its videos stay."}
        </p>
        <Button kind={isOneself ? "danger" : "plain"}>
          {isOneself ? "Disable my account" : "Disable it"}
        </Button>
      </form>
    </Fold>
  );
}

/** What is done at once. */
function Act(props: {
  icon: IconName;
  label: string;
  action: string;
  failed: NonNullable<PersonProps["failed"]> | null;
}) {
  const { icon, label, action, failed } = props;
  return (
    <form class="person-act" method="post" action={action}>
      <Button kind="quiet" icon={icon}>
        {label}
      </Button>
      {failed && <FormNotice error={failed.error} />}
    </form>
  );
}

/** The answer to a mistake in it is shown where it is, on a small screen too. */
export function Fold(props: { id: string; icon: IconName; title: string; isOpen: boolean; children: Child }) {
  return (
    <details id={props.id} class="fold" open={props.isOpen}>
      <summary>
        <Icon name={props.icon} />
        {props.title}
      </summary>
      <div class="fold-body">{props.children}</div>
    </details>
  );
}
