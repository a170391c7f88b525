import type { Scope } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";

/** As the form sends them. */
export interface TokenValues {
  name: string;
  scopes: Scope[];
  expires: string;
}

const scopeWords: Record<Scope, [label: string, note: string]> = {
  read: ["Read", "See and play all that you can see."],
  download: ["Download", "Have videos fetched from other sites, and cancel that."],
  upload: ["Upload", "Add files, and change and delete your own videos."],
  admin: ["Administer", "Manage people, and see and change everybody's videos."],
};

const lifetimes = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "1 year"],
  ["never", "Never"],
] as const;

const fresh: TokenValues = { name: "", scopes: ["read"], expires: "90" };

/** Folded until it is wanted, or until something in it was wrong. */
export function NewToken(props: {
  scopes: Scope[];
  values?: TokenValues;
  error?: FormError;
  isOpen: boolean;
}) {
  const { scopes, values = fresh, error, isOpen } = props;
  const isShownElsewhere = error?.field === "name" || error?.field?.startsWith("scopes");
  return (
    <details class="fold" open={isOpen}>
      <summary>
        <Icon name="plus" />
        New token
      </summary>
      <form class="fold-body form" method="post" action={paths.tokens()}>
        {error && !isShownElsewhere && <FormNotice error={error} />}
        <Field
          name="name"
          label="Name"
          value={values.name}
          error={error}
          note="What is going to use it, so that you know it again."
          required
          maxlength="100"
          autocomplete="off"
          dir="auto"
          autofocus={error?.field === "name"}
        />
        <fieldset class="choices own-scopes">
          <legend>What it may do</legend>
          {error?.field?.startsWith("scopes") && <FormNotice error={error} />}
          {scopes.map((scope) => (
            <ScopeChoice scope={scope} chosen={values.scopes.includes(scope)} />
          ))}
        </fieldset>
        <fieldset class="choices own-lifetimes">
          <legend>When it expires</legend>
          {lifetimes.map(([value, label]) => (
            <label class="choice">
              <input type="radio" name="expires" value={value} checked={values.expires === value} />
              {label}
            </label>
          ))}
        </fieldset>
        <Button kind="primary">Make the token</Button>
      </form>
    </details>
  );
}

function ScopeChoice({ scope, chosen }: { scope: Scope; chosen: boolean }) {
  const [label, note] = scopeWords[scope];
  return (
    <label class="choice">
      <input type="checkbox" name={`scope-${scope}`} checked={chosen} />
      <span>
        {label}
        <small>{note}</small>
      </span>
    </label>
  );
}
