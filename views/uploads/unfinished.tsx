import type { UploadItem } from "../../src/features/uploads/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Time } from "../parts/time.tsx";

/** Files that are not here in whole: who sends one of them again goes on where it stopped. */
export function UnfinishedUploads({ page, uploads }: { page: Page; uploads: UploadItem[] }) {
  return (
    <section id="unfinished" class="unfinished" data-live aria-labelledby="unfinished-title">
      {uploads.length > 0 && (
        <>
          <h2 id="unfinished-title">On their way</h2>
          <ul class="rows">
            {uploads.map((upload) => (
              <Unfinished page={page} upload={upload} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Unfinished({ page, upload }: { page: Page; upload: UploadItem }) {
  const { id, filename, offsetBytes, sizeBytes, createdAt, expiresAt } = upload;
  return (
    <li class="unfinished-row" data-upload={id}>
      <div class="row-body">
        <p class="row-title">
          <bdi>{filename}</bdi>
        </p>
        <progress
          class="bar"
          max="100"
          value={String(Math.floor((offsetBytes / sizeBytes) * 100))}
          aria-label={`How much of ${filename} is here`}
        />
        {/* Without scripts a file is sent from its beginning. */}
        <p class="unfinished-why needs-script">
          Waiting for the rest: choose the file again, and it goes on.
        </p>
        <p class="row-stage">
          <span>
            {formatBytes(offsetBytes)} of {formatBytes(sizeBytes)}
          </span>
          <Time at={createdAt} now={page.now} />
          <span>
            Forgotten <Time at={expiresAt} now={page.now} />
          </span>
        </p>
      </div>
      <div class="row-actions">
        <ButtonLink href={`${paths.downloads()}#add`}>
          Choose the file<span class="visually-hidden"> {filename}</span>
        </ButtonLink>
        <form method="post" action={paths.cancelUpload(id)}>
          <Button kind="quiet">
            Forget it<span class="visually-hidden">: {filename}</span>
          </Button>
        </form>
      </div>
    </li>
  );
}
