import type { VideoItem } from "../../src/features/videos/item.ts";
import { canPassLater, isWorthATry } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";
import { RemedyLinks } from "../parts/remedy.tsx";

interface Props {
  page: Page;
  video: VideoItem;
  /** In a row among others: where its buttons lead back to. */
  next?: string;
}

/** What helps where a video failed, first: its bytes once more, or others, or nothing of it. Nothing that was kept is lost. */
export function AfterFailure({ page, video, next }: Props) {
  const { error, sourceUrl } = video;
  const code = error?.code ?? "";
  const kind = next ? "plain" : "primary";
  const isHopeless = sourceUrl !== null && !isWorthATry(code);
  return (
    <>
      <RemedyLinks page={page} url={sourceUrl} code={code} at={next} />
      {isHopeless && <DeleteButton video={video} next={next} />}
      {error?.retryable && (
        <form method="post" action={paths.retryVideo(video.id)}>
          {next && <input type="hidden" name="next" value={next} />}
          <Button kind={isHopeless ? "quiet" : kind} icon="rotate-cw">
            {isHopeless ? "Try again anyway" : "Try again"}
          </Button>
        </form>
      )}
      {sourceUrl === null && (
        <ButtonLink href={paths.downloads()} kind={kind} icon="upload">
          {canPassLater(code) ? "Send the file again" : "Send another file"}
        </ButtonLink>
      )}
      {!isHopeless && <DeleteButton video={video} next={next} isSmall={next !== undefined} />}
    </>
  );
}

function DeleteButton(props: Pick<Props, "video" | "next"> & { isSmall?: boolean }) {
  const { video, next, isSmall = false } = props;
  return (
    <form method="post" action={paths.deleteVideo(video.id)}>
      {next && <input type="hidden" name="next" value={next} />}
      {isSmall ? (
        <button
          type="submit"
          class="button quiet icon-only"
          title="Delete"
          aria-label={`Delete: ${video.title}`}
        >
          <Icon name="trash-2" />
        </button>
      ) : (
        <Button icon="trash-2">Delete</Button>
      )}
    </form>
  );
}
