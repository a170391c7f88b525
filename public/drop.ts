import { isTyping } from "./dialogs.ts";
import { mayUpload, stagingBox, withUploads } from "./upload-door.ts";

/** Files can be dropped anywhere on any page, and pasted. Over the open add box they are only put on its list. */
export function startDrop(): void {
  const target = document.querySelector<HTMLElement>("#drop-target");
  if (!target || !mayUpload()) return;
  const hide = () => void (target.matches(":popover-open") && target.hidePopover());
  window.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    if (isField(event.target)) return hide();
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    target.dataset.for = stagingBox(event.target) ? "box" : "page";
    if (!target.matches(":popover-open")) target.showPopover();
  });
  window.addEventListener("dragleave", (event) => event.relatedTarget === null && hide());
  window.addEventListener("dragend", hide);
  window.addEventListener("drop", (event) => {
    hide();
    if (hasFiles(event.dataTransfer) && !isField(event.target)) take(event, event.dataTransfer);
  });
  window.addEventListener("paste", (event) => {
    if (hasFiles(event.clipboardData) && !isTyping(event.target)) take(event, event.clipboardData);
  });
}

/** What was dropped has to be read at once: after the event the browser shows nothing of it any more. */
function take(event: Event, data: DataTransfer | null): void {
  if (!data) return;
  event.preventDefault();
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const files = [...data.files];
  const box = stagingBox(event.target);
  void withUploads((uploads) => uploads.take({ entries, files }, box));
}

function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes("Files") ?? false;
}

/** A field for a file takes by itself what is dropped on it. */
function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("[type=file]");
}
