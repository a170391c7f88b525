import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";

/** Another file for the video: folded until it is wanted. */
export function ReplaceFile({ video }: { video: VideoItem }) {
  return (
    <details class="fold">
      <summary>
        <Icon name="film" />
        Replace the file
      </summary>
      <form
        class="fold-body form"
        method="post"
        action={paths.replaceFile(video.id)}
        enctype="multipart/form-data"
        data-sends-files
        data-replaces={video.id}
      >
        <p>
          The old file plays until the new one is ready, and is then deleted for good. Title, tags and links
          stay.
        </p>
        <Field name="file" id="replace-file" type="file" label="New file" accept="video/*,audio/*" required />
        <Button kind="primary">Replace</Button>
      </form>
    </details>
  );
}
