import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, TextArea } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { VisibilityField } from "../parts/visibility.tsx";

/** As the form sends them; tags in one line with commas between them. */
export interface EditValues {
  title: string;
  description: string;
  tags: string;
  visibility: string;
}

/** Folded until it is wanted, or until something in it was wrong. */
export function EditForm(props: { page: Page; video: VideoItem; error?: FormError; values?: EditValues }) {
  const { video, error, values = valuesOf(props.video) } = props;
  return (
    <details class="fold" open={error !== undefined}>
      <summary>
        <Icon name="pencil" />
        Edit
      </summary>
      <form class="fold-body form" method="post" action={paths.editVideo(video.id)}>
        {error && !error.field && <FormNotice error={error} />}
        <Field
          name="title"
          label="Title"
          value={values.title}
          error={error}
          required
          maxlength="300"
          dir="auto"
        />
        <TextArea
          name="description"
          label="Description"
          value={values.description}
          error={error}
          rows="4"
          dir="auto"
        />
        <Field
          name="tags"
          label="Tags"
          value={values.tags}
          note="With commas between them"
          error={error}
          autocapitalize="none"
          dir="auto"
        />
        <VisibilityField value={values.visibility} error={error} />
        <Button kind="primary">Save</Button>
      </form>
    </details>
  );
}

export function RemakeThumbnails({ video }: { video: VideoItem }) {
  return (
    <form method="post" action={paths.remakeThumbnails(video.id)} class="fold-action">
      {video.thumbnailError && video.videoCodec && (
        <p class="field-error">
          {video.thumbnailError}{" "}
          {video.thumbnails.length === 0 && "The gallery shows a drawn one in its place."}
        </p>
      )}
      <Button kind="quiet" icon="images">
        Make the pictures again
      </Button>
    </form>
  );
}

/** Asks before it deletes, without a script. */
export function DeleteVideo({ video }: { video: VideoItem }) {
  return (
    <details class="fold">
      <summary>
        <Icon name="trash-2" />
        Delete
      </summary>
      <form class="fold-body form" method="post" action={paths.deleteVideo(video.id)}>
        <p>The video, its file and its pictures are deleted for good.</p>
        <Button kind="danger">Delete this video</Button>
      </form>
    </details>
  );
}

function valuesOf(video: VideoItem): EditValues {
  const { title, description, tags, visibility } = video;
  return { title, description, tags: tags.join(", "), visibility };
}
