import { apiRoot, paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Icon } from "../parts/icons.tsx";
import { UploadRow } from "./row.tsx";

/**
 * What is being sent, on every page while there is something. Scripts fill it (`public/uploads.ts`), from what this
 * browser keeps: the server knows of an upload only what has arrived.
 */
export function UploadsPanel({ page }: { page: Page }) {
  const { user, uploads } = page;
  if (!user || user.role === "viewer") return null;
  return (
    <>
      <section
        id="uploads"
        class="uploads"
        aria-labelledby="uploads-title"
        hidden
        data-script={page.asset("uploads.js")}
        data-endpoint={`${apiRoot}/uploads`}
        data-pictures={`${apiRoot}/images`}
        data-pictures-page={paths.images()}
        data-video={paths.video("")}
        data-user={user.id}
        data-direct={uploads.isDirect ? "" : undefined}
        data-chunk={uploads.chunkBytes}
        data-max={uploads.maxBytes}
      >
        <header class="uploads-head">
          <h2>
            <button type="button" aria-expanded="true" aria-controls="uploads-body" data-act="fold">
              <Icon name="chevron-down" />
              <span id="uploads-title">Uploads</span>
            </button>
          </h2>
          <HeadButton act="pause-all" icon="pause" label="Pause all uploads" />
          <HeadButton act="resume-all" icon="play" label="Go on with all uploads" />
          <HeadButton act="close" icon="x" label="Close the list of uploads" />
        </header>
        {/* While the list is folded, what needs somebody is said here; it unfolds the list. */}
        <button type="button" class="uploads-stuck" data-act="unfold" hidden>
          <Icon name="circle-alert" />
          <span id="uploads-stuck" dir="auto" />
        </button>
        <progress class="bar" max="100" value="0" aria-label="Progress of all uploads" />
        <div id="uploads-body" class="uploads-body">
          <ul class="rows" />
        </div>
        <template>
          <UploadRow />
        </template>
        <input type="file" hidden tabindex={-1} aria-hidden="true" data-choose-again />
      </section>
      <p id="uploads-said" class="visually-hidden" role="status" />
      <DropTarget page={page} />
    </>
  );
}

function HeadButton(props: { act: string; icon: "pause" | "play" | "x"; label: string }) {
  const { act, icon, label } = props;
  return (
    <button
      type="button"
      class="button quiet icon-only"
      data-act={act}
      aria-label={label}
      title={label}
      hidden
    >
      <Icon name={icon} />
    </button>
  );
}

/** Covers the page while files are dragged over it; a popover, so that it lies over open dialogs too. */
function DropTarget({ page }: { page: Page }) {
  const seenBy =
    page.uploads.visibility === "private" ? "Only you will see them." : "Everyone here will see them.";
  return (
    <div id="drop-target" class="drop-target" popover="manual">
      <div>
        <Icon name="upload" />
        <p class="drop-title" data-for="page">
          Drop to upload
        </p>
        <p class="drop-title" data-for="box">
          Drop to add to the list
        </p>
        <p data-for="page">Videos, pictures and whole folders. {seenBy}</p>
        <p data-for="box">Nothing is sent before you say so.</p>
      </div>
    </div>
  );
}
