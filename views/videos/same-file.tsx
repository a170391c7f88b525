import { paths } from "../../src/paths.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";

/** The very file was on the shelf before: its owner may want to keep only one. `next` is where deleting leads to. */
export function SameFile(props: { videoId: string; same: { id: string; title: string }; next?: string }) {
  const { videoId, same, next } = props;
  return (
    <div class="notice same-file">
      <Icon name="copy" />
      <div>
        <p>
          The same file is on the shelf already, as <bdi>{same.title}</bdi>.
        </p>
        <div class="same-file-actions">
          <ButtonLink href={paths.video(same.id)} kind="quiet">
            Open it
          </ButtonLink>
          {/* Asks before it deletes, without a script. */}
          <details>
            <summary class="button quiet">Delete this one</summary>
            <form method="post" action={paths.deleteVideo(videoId)}>
              {next && <input type="hidden" name="next" value={next} />}
              <p>This video is deleted for good, with its title, tags and links. The other one stays.</p>
              <Button kind="danger">Delete for good</Button>
            </form>
          </details>
        </div>
      </div>
    </div>
  );
}
