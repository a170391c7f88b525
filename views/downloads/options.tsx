import type { ProfileItem } from "../../src/features/downloads/item.ts";
import { formatClock } from "../../src/lib/clock-time.ts";
import type { DownloadOptions } from "../../src/lib/download-options.ts";
import { subtitleLanguages } from "../../src/lib/download-options.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, SelectField } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { embedNames, languageName, presetNames } from "./words.ts";

export interface OptionsShown {
  options: DownloadOptions;
  forceLong: boolean;
  profiles: ProfileItem[];
  /** The name of the profile that was just kept. */
  saved?: string;
}

/** Everything that can be chosen of how a video is downloaded, and the profiles that keep such a choice. */
export function OptionsFields({ shown, error }: { shown: OptionsShown; error?: FormError }) {
  const { options, forceLong, profiles, saved } = shown;
  return (
    <div id="add-options" class="options">
      <ProfileChips profiles={profiles} />
      <div class="options-row">
        <SelectField
          name="preset"
          label="Quality"
          value={options.preset}
          options={Object.entries(presetNames)}
          note="What isn't there falls to the next lower one."
          error={error}
        />
        <SelectField
          name="delivery"
          label="The way it comes"
          value={options.delivery}
          options={[
            ["any", "Whatever is best"],
            ["progressive", "As one file, where there is one"],
            ["hls", "In pieces (HLS), where there are"],
          ]}
          error={error}
        />
        <SelectField
          name="sponsorblock"
          label="Sponsors' parts"
          value={options.sponsorblock}
          options={[
            ["off", "Leave them"],
            ["mark", "Mark them as chapters"],
            ["cut", "Cut them out"],
          ]}
          note="Where SponsorBlock knows them"
          error={error}
        />
      </div>
      <Subtitles options={options} />
      <fieldset class="checks">
        <legend>Put into the file</legend>
        {embedNames.map(([value, label]) => (
          <Check name="embed" value={value} label={label} checked={options.embed.includes(value)} />
        ))}
      </fieldset>
      <div class="options-row">
        <Field
          name="clip_from"
          label="Only from"
          value={formatClock(options.clip_from)}
          placeholder="0:00"
          error={error}
          inputmode="numeric"
          autocomplete="off"
        />
        <Field
          name="clip_to"
          label="Only up to"
          value={formatClock(options.clip_to)}
          placeholder="The end"
          error={error}
          inputmode="numeric"
          autocomplete="off"
        />
        <fieldset class="checks">
          <legend>When</legend>
          <Check
            name="live_from_start"
            value="1"
            label="Live streams from their beginning"
            checked={options.live_from_start}
          />
          <Check name="force_long" value="1" label="In the long lane" checked={forceLong} />
        </fieldset>
      </div>
      <div class="options-save">
        <Field
          name="profile_name"
          label="Keep this choice as a profile"
          placeholder="For the telephone"
          maxlength="60"
          autocomplete="off"
          error={error}
        />
        <Check name="profile_default" value="1" label="Take it from now on" checked={false} />
        <Button icon="check" name="save" value="1" formaction={paths.profiles()} formnovalidate>
          Keep
        </Button>
      </div>
      <p role="status" class="field-note">
        {saved && (
          <>
            Kept as <b dir="auto">{saved}</b>.
          </>
        )}
      </p>
    </div>
  );
}

function ProfileChips({ profiles }: { profiles: ProfileItem[] }) {
  if (profiles.length === 0) return null;
  return (
    <div class="profile-chips" role="group" aria-label="Profiles">
      {profiles.map(({ id, name, isDefault }) => (
        <button
          type="submit"
          class="chip"
          name="use"
          value={id}
          formaction={paths.previewDownloads()}
          formnovalidate
        >
          {isDefault && <Icon name="check" />}
          <span dir="auto">{name}</span>
        </button>
      ))}
      <a class="chip" href={paths.profiles()}>
        <Icon name="pencil" />
        Profiles
      </a>
    </div>
  );
}

/** Folded: most people want none or two of more than forty. */
function Subtitles({ options }: { options: DownloadOptions }) {
  const chosen = options.subtitles;
  const named = subtitleLanguages.filter((code) => chosen.includes(code)).map(languageName);
  return (
    <details class="fold subtitles">
      <summary>
        Subtitles
        <span class="fold-value">{named.length === 0 ? "None" : named.join(", ")}</span>
      </summary>
      <div class="fold-body">
        <Check
          name="automatic_subtitles"
          value="1"
          label="Also those that a machine wrote"
          checked={options.automatic_subtitles}
        />
        <div class="languages">
          {subtitleLanguages
            .map((code) => [code, languageName(code)] as const)
            .toSorted(([a, x], [b, y]) => Number(b === "all") - Number(a === "all") || x.localeCompare(y))
            .map(([code, label]) => (
              <Check name="subtitles" value={code} label={label} checked={chosen.includes(code)} />
            ))}
        </div>
      </div>
    </details>
  );
}

function Check(props: { name: string; value: string; label: string; checked: boolean }) {
  const { name, value, label, checked } = props;
  return (
    <label class="check">
      <input type="checkbox" name={name} value={value} checked={checked} />
      {label}
    </label>
  );
}
