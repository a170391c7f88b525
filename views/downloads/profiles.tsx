import type { ProfileItem } from "../../src/features/downloads/item.ts";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button, ButtonLink } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { type FormError, FormNotice } from "../parts/field.tsx";
import { optionsInWords } from "./words.ts";

/** A person's named choices of how to download. They are made in the form for new videos. */
export function ProfilesPage(props: { page: Page; profiles: ProfileItem[]; error?: FormError }) {
  const { page, profiles, error } = props;
  return (
    <Layout page={page} title="Download profiles" current="downloads">
      <div class="title-row">
        <h1>Download profiles</h1>
        <ButtonLink href={paths.downloads()} icon="download">
          Downloads
        </ButtonLink>
      </div>
      <FormNotice error={error} />
      {profiles.length === 0 ? (
        <EmptyState icon="settings" title="No profiles yet">
          A profile keeps how you like your videos: quality, subtitles, what goes into the file. Choose it
          under “More” where you add videos, and keep it there.
        </EmptyState>
      ) : (
        <ul class="rows profiles">
          {profiles.map((profile) => (
            <ProfileRow profile={profile} />
          ))}
        </ul>
      )}
    </Layout>
  );
}

function ProfileRow({ profile }: { profile: ProfileItem }) {
  const { id, name, options, isDefault } = profile;
  return (
    <li class="profile">
      <div>
        <p class="row-title">
          <b dir="auto">{name}</b> {isDefault && <Badge kind="good">Taken unless you choose</Badge>}
        </p>
        <p class="field-note">{optionsInWords(options)}</p>
      </div>
      <div class="actions">
        <form method="post" action={paths.defaultProfile(id)}>
          <Button kind="quiet" name="default" value={isDefault ? "no" : "yes"}>
            {isDefault ? "Don't take by default" : "Take by default"}
          </Button>
        </form>
        <form method="post" action={paths.deleteProfile(id)}>
          <Button kind="quiet" icon="trash-2">
            Delete
          </Button>
        </form>
      </div>
    </li>
  );
}
