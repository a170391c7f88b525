import type { PersonItem } from "../../src/features/admin/item.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { type FormError, FormNotice, SelectField } from "../parts/field.tsx";

export interface Heir {
  id: string;
  name: string;
  email: string;
}

/** As the form sends them. */
export interface FateValues {
  videos: string;
  to: string;
}

/** Asks what becomes of the videos and pictures, where there are any; nothing is chosen beforehand. */
export function DeleteForm(props: {
  page: Page;
  person: PersonItem;
  heirs: Heir[];
  failed: { error: FormError; values?: Partial<FateValues> } | null;
}) {
  const { page, person, failed } = props;
  const isOneself = person.id === page.user?.id;
  return (
    <form class="form" method="post" action={`${paths.deletePerson(person.id)}#delete`}>
      {failed && failed.error.field !== "to" && <FormNotice error={failed.error} />}
      <p>
        {isOneself
          ? "You are logged out at once. Your sessions, tokens and invitations go with the account. "
          : "Sessions, tokens and invitations go with the account. "}
        That can't be undone.
      </p>
      {person.videos + person.pictures > 0 && <FateField {...props} />}
      <Button kind="danger">{isOneself ? "Delete my account" : "Delete this account"}</Button>
    </form>
  );
}

function FateField({ page, person, heirs, failed }: Parameters<typeof DeleteForm>[0]) {
  const { videos = "", to = page.user?.id ?? "" } = failed?.values ?? {};
  const many = person.videos + person.pictures > 1;
  return (
    <fieldset class="choices fate">
      <legend>What becomes of the {thingsOf(person)}?</legend>
      {heirs.length > 0 && (
        <>
          <Choice value="hand_over" now={videos} label={many ? "Hand them over" : "Hand it over"}>
            Private ones too, and downloads that run go on
          </Choice>
          <SelectField
            name="to"
            label="To"
            value={to}
            options={heirs.map((heir) => [heir.id, `${heir.name} (${heir.email})`] as const)}
            error={failed?.error}
            autocomplete="off"
          />
        </>
      )}
      <Choice value="delete" now={videos} label={many ? "Delete them" : "Delete it"}>
        With all files, for good
      </Choice>
    </fieldset>
  );
}

function thingsOf({ videos, pictures }: PersonItem): string {
  const named = (count: number, name: string) => (count === 1 ? name : `${count} ${name}s`);
  return [videos > 0 && named(videos, "video"), pictures > 0 && named(pictures, "picture")]
    .filter(Boolean)
    .join(" and the ");
}

function Choice(props: { value: string; now: string; label: string; children: string }) {
  const { value, now, label, children } = props;
  return (
    <label class="choice">
      <input type="radio" name="videos" value={value} checked={now === value} required />
      <span>
        {label}
        <small>{children}</small>
      </span>
    </label>
  );
}
