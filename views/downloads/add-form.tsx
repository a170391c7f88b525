import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";
import { Field, type FormError, FormNotice, TextArea } from "../parts/field.tsx";
import { VisibilityField } from "../parts/visibility.tsx";
import { FileBox, UploadButton, UploadForm } from "../uploads/file-box.tsx";
import { OptionsFields, type OptionsShown } from "./options.tsx";
import type { PreviewShown } from "./preview-shown.ts";
import { Previews } from "./preview.tsx";

export interface AddValues {
  urls: string;
  title: string;
  tags: string;
  visibility: string;
}

/**
 * One box for one address or many. Scripts unfold in it what a pasted address would bring; without them a button
 * does. Where `options` are left out, they are loaded when somebody turns to the form.
 */
export function AddForm(props: {
  page: Page;
  values?: AddValues;
  error?: FormError;
  options?: OptionsShown;
  preview?: PreviewShown | null;
  unfolded?: boolean;
}) {
  const { page, error, options, preview = null, values = emptyValues(props.page) } = props;
  const isUsual = values.title === "" && values.tags === "" && values.visibility === page.newVisibility;
  const unfolded = props.unfolded || !isUsual || isInFold(error);
  return (
    <>
      <form id="add" class="form add-form" method="post" action={paths.downloads()}>
        {/* The Enter key presses the first button of a form: let it be this one. */}
        <button type="submit" hidden tabindex={-1}>
          Download
        </button>
        {error && (!error.field || error.field === "items") && <FormNotice error={error} />}
        <TextArea
          name="urls"
          label="Video addresses"
          value={values.urls}
          note="One in each line. A playlist brings all of its videos."
          error={error}
          placeholder="https://…"
          rows="2"
          required
          spellcheck="false"
          autocapitalize="none"
          autocomplete="off"
          inputmode="url"
          data-add
          data-preview={paths.previewDownloads()}
        />
        <Previews page={page} shown={preview} />
        <FileBox page={page} />
        <div class="add-row">
          <details class="more" open={unfolded}>
            <summary>
              More
              <Icon name="chevron-down" />
            </summary>
            <div class="more-body">
              <Field
                name="title"
                id="add-title"
                label="Title"
                value={values.title}
                error={error}
                note="Left empty, it comes from the site, or of a file from its name."
                maxlength="300"
                dir="auto"
              />
              <Field
                name="tags"
                id="add-tags"
                label="Tags"
                value={values.tags}
                error={error}
                note="With commas between them"
                autocapitalize="none"
                dir="auto"
              />
              <VisibilityField value={values.visibility} error={error} />
            </div>
            {options ? (
              <OptionsFields shown={options} error={error} />
            ) : (
              <div id="add-options" data-load={paths.downloadOptions()} />
            )}
          </details>
          <div class="actions">
            <noscript>
              <Button icon="eye" formaction={paths.previewDownloads()}>
                Look first
              </Button>
            </noscript>
            <UploadButton />
            <Button kind="primary" icon="download">
              {isHere(preview) ? "Download again" : "Download"}
            </Button>
          </div>
        </div>
      </form>
      <UploadForm />
    </>
  );
}

function emptyValues(page: Page): AddValues {
  return { urls: "", title: "", tags: "", visibility: page.newVisibility };
}

function isHere(preview: PreviewShown | null): boolean {
  return preview?.items.length === 1 && preview.items[0]?.found?.onShelf != null;
}

const folded = new Set([
  "title",
  "tags",
  "preset",
  "delivery",
  "sponsorblock",
  "subtitles",
  "embed",
  "clip_from",
  "clip_to",
  "profile_name",
]);

function isInFold(error: FormError | undefined): boolean {
  return error?.field !== undefined && folded.has(error.field);
}
