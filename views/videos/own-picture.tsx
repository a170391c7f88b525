import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";

/** A picture of one's own instead of those that were taken from the video. */
export function OwnPicture({ video, error }: { video: VideoItem; error?: FormError }) {
  const hasOwn = video.thumbnails.includes(0);
  return (
    <details class="fold" open={error !== undefined}>
      <summary>
        <Icon name="image-up" />
        {hasOwn ? "Change the picture" : "Choose a picture"}
      </summary>
      <div class="fold-body form">
        <form class="form" method="post" action={paths.ownPicture(video.id)} enctype="multipart/form-data">
          {error && error.field !== "file" && <FormNotice error={error} />}
          <Field
            name="file"
            id="own-picture"
            type="file"
            label="Picture"
            accept="image/*,.heic,.heif"
            required
            note="It stands for the video in the gallery, and before it plays"
            error={error}
          />
          <Button kind="primary">Use this picture</Button>
        </form>
        {hasOwn && (
          <form method="post" action={paths.removeOwnPicture(video.id)}>
            <Button kind="quiet" icon="rotate-cw">
              Go back to the video's own
            </Button>
          </form>
        )}
      </div>
    </details>
  );
}
