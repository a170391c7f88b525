import { paths } from "../../src/paths.ts";
import type { Child } from "hono/jsx";
import { formatBytes } from "../../src/lib/bytes.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";

/** What a picker shows first. Containers that systems know no type for are named; the server looks into the file. */
const accepted = "video/*,audio/*,image/*,.mkv,.mov,.avi,.ts,.m2ts,.mts,.flv,.wmv,.ogv,.3gp,.heic,.heif";

/**
 * The part of the add box that takes files. With scripts its fields belong to a form of their own, `UploadForm`, so that no
 * look at an address takes them along, and what was chosen is listed first. Without them the box itself is sent, with all
 * that is said in it.
 */
export function FileBox({ page }: { page: Page }) {
  const { maxBytes } = page.uploads;
  const limit = maxBytes === 0 ? "" : ` Up to ${formatBytes(maxBytes)} each.`;
  return (
    <fieldset class="file-box" data-file-box>
      <legend>Or files of your own</legend>
      <div class="file-ways">
        <FileWay icon="film" label="Choose files" class="needs-script">
          <input type="file" name="file" multiple accept={accepted} form="upload-form" data-files />
        </FileWay>
        <noscript>
          <FileWay icon="film" label="Choose files">
            <input type="file" name="file" multiple accept={accepted} aria-label="Choose files" />
          </FileWay>
        </noscript>
        <FileWay icon="folder-up" label="Choose a folder" class="needs-script fine-only">
          <input type="file" webkitdirectory data-files />
        </FileWay>
        <FileWay icon="video" label="Camera" class="needs-script touch-only">
          <input type="file" accept="video/*" capture="environment" data-files />
        </FileWay>
      </div>
      <p class="field-note">
        <span class="needs-script fine-only">They can be dropped on any page as well.</span>
        {limit}
      </p>
      <ul class="staged" hidden aria-label="Files to send" />
      <template>
        <li>
          <Icon name="film" />
          <span class="staged-name" dir="auto" />
          <span class="staged-note" />
          <button type="button" class="button quiet icon-only" data-remove>
            <Icon name="x" />
          </button>
        </li>
      </template>
    </fieldset>
  );
}

export function UploadButton() {
  return (
    <>
      <button type="submit" class="button primary needs-script" form="upload-form" data-send>
        <Icon name="upload" />
        <span>Upload</span>
      </button>
      <noscript>
        <Button
          kind="primary"
          icon="upload"
          formaction={paths.uploads()}
          formenctype="multipart/form-data"
          formnovalidate
        >
          Upload
        </Button>
      </noscript>
    </>
  );
}

/** Empty: it holds the fields of `FileBox` together, which lie inside another form. */
export function UploadForm() {
  return (
    <form id="upload-form" hidden method="post" action={paths.uploads()} enctype="multipart/form-data" />
  );
}

function FileWay(props: { icon: IconName; label: string; class?: string; children: Child }) {
  return (
    <label class={["button file-way", props.class].filter(Boolean).join(" ")}>
      <Icon name={props.icon} />
      <span>{props.label}</span>
      {props.children}
    </label>
  );
}
