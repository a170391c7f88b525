import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";
import { Field, type FormError, FormNotice, TextArea } from "../parts/field.tsx";
import { VisibilityField } from "../parts/visibility.tsx";

export interface AddValues {
  urls: string;
  title: string;
  tags: string;
  visibility: string;
}

/** One box for one address or many. */
export function AddForm(props: { page: Page; values?: AddValues; error?: FormError }) {
  const { page, error, values = emptyValues(props.page) } = props;
  const isUsual = values.title === "" && values.tags === "" && values.visibility === page.newVisibility;
  const unfolded = !isUsual || isInFold(error);
  return (
    <form id="add" class="form add-form" method="post" action={paths.downloads()}>
      {error && !error.field && <FormNotice error={error} />}
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
      />
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
              note="Left empty, the title comes from the site."
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
        </details>
        <Button kind="primary" icon="download">
          Download
        </Button>
      </div>
    </form>
  );
}

function emptyValues(page: Page): AddValues {
  return { urls: "", title: "", tags: "", visibility: page.newVisibility };
}

function isInFold(error: FormError | undefined): boolean {
  return error?.field === "title" || error?.field === "tags";
}
