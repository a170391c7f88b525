import type { FoundItem, PreviewItem } from "../../src/features/downloads/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { isAudio } from "../../src/lib/download-options.ts";
import type { Preset } from "../../src/lib/download-options.ts";
import { formatDuration } from "../../src/lib/durations.ts";
import { paths } from "../../src/paths.ts";
import { ButtonLink } from "../parts/button.tsx";
import { FieldError, type FormError, FormNotice } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { RemedyLinks, type Viewer } from "../parts/remedy.tsx";
import { Entries } from "./entries.tsx";
import type { PreviewShown } from "./preview-shown.ts";
import { languageName, presetNames } from "./words.ts";

/** What the pasted addresses would bring: one in full, several as a list. */
export function Previews({ page, shown }: { page: Viewer; shown: PreviewShown | null }) {
  if (!shown) return <div id="preview" class="previews" />;
  const [only, ...more] = shown.items;
  return (
    <div id="preview" class="previews">
      {shown.error && !shown.isRow && <Refusal error={shown.error} />}
      <input type="hidden" name="looked_at" value={shown.lookedAt} />
      {only && more.length === 0 && !shown.isRow ? (
        <Preview page={page} item={only} shown={shown} />
      ) : (
        <ul class="rows">
          {shown.error && shown.isRow && (
            <PreviewRow page={page} item={{ url: shown.lookedAt, found: null, error: shown.error }} />
          )}
          {shown.items.map((item) => (
            <PreviewRow page={page} item={item} />
          ))}
        </ul>
      )}
    </div>
  );
}

/** Scripts put what is wrong with the addresses under their field (`public/refused-field.ts`). */
function Refusal({ error }: { error: FormError }) {
  return error.field === "urls" ? <FieldError id="urls" error={error} /> : <FormNotice error={error} />;
}

function Preview({ page, item, shown }: { page: Viewer; item: PreviewItem; shown: PreviewShown }) {
  const { found, error, url } = item;
  if (!found) {
    return (
      error && (
        <>
          <FormNotice error={error} />
          <RemedyLinks page={page} url={url} code={error.code} />
        </>
      )
    );
  }
  return (
    <article class="preview" aria-label="What this address brings">
      <div class={found.picture ? "preview-head" : undefined}>
        {found.picture && <PreviewPicture found={found} />}
        <div class="preview-body">
          <h3 dir="auto">{found.title}</h3>
          <Meta found={found} />
          <OnShelf found={found} />
          {found.isLive && <p class="preview-warning">It is on air now: it can be had when it is over.</p>}
          <Expected found={found} />
          <MoreSpace page={page} url={url} found={found} />
        </div>
      </div>
      <Qualities found={found} preset={shown.preset} />
      {(found.isOneOfList || shown.wholeList) && (
        <label class="check">
          <input type="checkbox" name="playlist" value="1" checked={shown.wholeList} data-look-again />
          The whole list that this address names
        </label>
      )}
      {found.playlist && <Entries playlist={found.playlist} shown={shown} />}
    </article>
  );
}

/** What was refused was asked of no site, so that nothing more is known of it. */
type RowItem = Omit<PreviewItem, "error"> & { error: (FormError & { code?: string }) | null };

/** One of several: what tells them apart, and what is wrong. */
function PreviewRow({ page, item }: { page: Viewer; item: RowItem }) {
  const { found, error, url } = item;
  return (
    <li class="row preview-row">
      <div class="row-picture">
        <PreviewPicture found={found} />
      </div>
      <div class="row-body">
        <p class="row-title" dir="auto">
          {found?.title ?? url}
        </p>
        {found && <Meta found={found} />}
        {found && <OnShelf found={found} />}
        {error && (
          <p class="row-error" dir="auto">
            <strong>{error.message}</strong> {error.hint}
          </p>
        )}
        <RemedyLinks page={page} url={url} code={error?.code} />
        {found && !found.playlist && <p class="field-note">{found.estimate.reason}</p>}
        {found && !found.space.isEnough && (
          <p class="row-error">
            <strong>There is not enough space.</strong>
          </p>
        )}
        {found && <MoreSpace page={page} url={url} found={found} />}
      </div>
    </li>
  );
}

function PreviewPicture({ found }: { found: FoundItem | null }) {
  return (
    <div class="preview-picture">
      {found?.picture ? (
        <img src={found.picture} alt="" width="480" height="270" />
      ) : (
        <Icon name={!found ? "circle-alert" : found.playlist ? "images" : "film"} />
      )}
    </div>
  );
}

function Meta({ found }: { found: FoundItem }) {
  const { site, uploader, durationSeconds, playlist, chapters } = found;
  return (
    <p class="meta">
      <span>{site}</span>
      {uploader && <span dir="auto">{uploader}</span>}
      {durationSeconds !== null && <span>{formatDuration(durationSeconds)}</span>}
      {playlist && <span>{playlist.isCut ? `more than ${playlist.count - 1}` : playlist.count} videos</span>}
      {chapters > 0 && <span>{chapters === 1 ? "1 chapter" : `${chapters} chapters`}</span>}
    </p>
  );
}

function OnShelf({ found }: { found: FoundItem }) {
  const { onShelf } = found;
  if (!onShelf) return null;
  return (
    <p class="on-shelf">
      <Icon name="check" />
      <span>{onShelf.isReady ? "Already on the shelf" : "Already on its way"}</span>
      <ButtonLink href={paths.video(onShelf.videoId)} kind="quiet" icon="play">
        Open
      </ButtonLink>
    </p>
  );
}

function Expected({ found }: { found: FoundItem }) {
  const { estimate, space, subtitles, automaticSubtitles, playlist } = found;
  if (playlist) return null;
  const { cost, lane, reason } = estimate;
  const prices = cost && pricesInWords(cost);
  return (
    <dl class="facts">
      <Fact name="Expected">
        {reason.charAt(0).toUpperCase() + reason.slice(1)} {lane === "long" ? "Long lane." : "Short lane."}
      </Fact>
      <Fact name="Space">
        {space.needed === null ? "" : `${formatBytes(space.needed)} while it is made, `}
        {formatBytes(space.free)} left
        {!space.isEnough && <strong class="preview-warning"> There is not enough space.</strong>}
      </Fact>
      {prices && <Fact name="Cost">{prices}</Fact>}
      {subtitles.length + automaticSubtitles.length > 0 && (
        <Fact name="Subtitles">{subtitlesInWords(subtitles, automaticSubtitles.length)}</Fact>
      )}
    </dl>
  );
}

/** Here as well as after it was downloaded in vain. */
function MoreSpace({ page, url, found }: { page: Viewer; url: string; found: FoundItem }) {
  return found.space.isEnough ? null : <RemedyLinks page={page} url={url} code="storage_full" />;
}

function Fact({ name, children }: { name: string; children: unknown }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What there is of it; what is chosen here is chosen for this download. */
function Qualities({ found, preset }: { found: FoundItem; preset: Preset }) {
  // What would be called another than it is, such as the sound of a video as it comes, isn't worth a choice.
  const choices = found.choices.filter(({ preset: one, container }) => !isAudio(one) || container === one);
  if (choices.length === 0) return null;
  return (
    <fieldset class="qualities">
      <legend>Quality</legend>
      {choices.map((choice) => (
        <label class="chip quality">
          <input type="radio" name="quality" value={choice.preset} checked={choice.preset === preset} />
          <span>{presetNames[choice.preset]}</span>
          <small>
            {[
              choice.height !== null && !choice.preset.startsWith(String(choice.height))
                ? `${choice.height}p`
                : "",
              choice.container,
              choice.sizeBytes === null ? "" : formatBytes(choice.sizeBytes),
            ]
              .filter((part) => part !== "")
              .join(" · ")}
          </small>
        </label>
      ))}
    </fieldset>
  );
}

const mostNamed = 8;

function subtitlesInWords(codes: string[], automatic: number): string {
  const named = codes.slice(0, mostNamed).map(languageName).join(", ");
  const more = codes.length > mostNamed ? ` and ${codes.length - mostNamed} more` : "";
  const byMachine = automatic === 0 ? "" : `${automatic} written by a machine`;
  return [named + more, byMachine].filter((part) => part !== "").join("; ");
}

/** "" where it costs nothing. */
function pricesInWords({
  storageMonth,
  traffic,
  currency,
}: NonNullable<FoundItem["estimate"]["cost"]>): string {
  const money = (amount: number) => `${amount < 0.005 ? "under 0.01" : amount.toFixed(2)} ${currency}`;
  return [
    storageMonth > 0 ? `${money(storageMonth)} a month` : "",
    traffic > 0 ? `${money(traffic)} to fetch it` : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
