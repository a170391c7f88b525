import { formatBytes } from "../../src/lib/bytes.ts";
import { exactQuota } from "../../src/lib/quota.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice } from "../parts/field.tsx";
import { type PersonProps, failedIn } from "./person-props.ts";
import { RoleField } from "./roles.tsx";

/** What they are called, may do and may keep. */
export function AccountForm(props: PersonProps) {
  const { page, person, usage } = props;
  const { error, values = {} } = failedIn("account", props) ?? {};
  return (
    <form class="form" method="post" action={paths.person(person.id)}>
      {error && !isOfField(error) && <FormNotice error={error} />}
      <Field
        name="name"
        label="Name"
        value={values.name ?? person.name}
        error={error}
        required
        maxlength="100"
        autocomplete="off"
        dir="auto"
      />
      <Field
        name="email"
        label="E-mail"
        type="email"
        value={values.email ?? person.email}
        error={error}
        required
        maxlength="254"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
      />
      <RoleField value={values.role ?? person.role} error={error} />
      <Field
        name="quota"
        label="Space"
        value={values.quota ?? exactQuota(person.quotaBytes)}
        error={error}
        note={<SpaceNote {...usage} />}
        maxlength="20"
        autocomplete="off"
        spellcheck="false"
      />
      {person.id === page.user?.id && (
        <p class="field-note">This is your own account: with another role you have to log in again.</p>
      )}
      <Button kind="primary">Save</Button>
    </form>
  );
}

function SpaceNote({ usedBytes, quotaBytes }: PersonProps["usage"]) {
  const most = quotaBytes === null ? "" : ` of ${formatBytes(quotaBytes)}`;
  return (
    <>
      {formatBytes(usedBytes)}
      {most} in use. A size like 50 GB, “none” for no limit, or “default” for what is set for everybody.
    </>
  );
}

function isOfField({ field = "" }: FormError): boolean {
  return ["name", "email", "role", "quota"].includes(field);
}
