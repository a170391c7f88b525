// Loaded when there is something to send, by `upload-door.ts`.
import { partOf } from "./form-parts.ts";
import { toast } from "./toast.ts";
import { stage, startBox } from "./uploads/box.ts";
import { type Dropped, filesOf, leftOutInWords, pickedFiles } from "./uploads/dropped.ts";
import { UploadPanel } from "./uploads/panel.ts";
import { UploadStore } from "./uploads/store.ts";
import { type Settings, Uploads } from "./uploads/uploads.ts";

/** Shows what is there and goes on with it; `remember` is told whether pages that open later have to. */
export function openUploads(panel: HTMLElement, remember: (hasSome: boolean) => void) {
  const view = new UploadPanel(panel, {
    act: (act, id) => uploads.act(act, id),
    giveFile: (id, file) => void give(id, file),
  });
  let pictures = 0;
  const uploads = new Uploads(settingsOf(panel), new UploadStore(), (items) => {
    remember(items.length > 0);
    view.show(items);
    const before = pictures;
    pictures = items.filter(({ kind, state }) => kind === "picture" && state === "done").length;
    if (pictures > before) document.body.dispatchEvent(new Event("pictures:sent"));
  });
  const give = async (id: string, file: File) => {
    if (!(await uploads.giveFile(id, file)))
      toast("This is another file. Choose the one that was sent before.");
  };
  window.addEventListener("pagehide", () => uploads.leave());
  // A page that comes back from the browser's cache lost its turn when it went.
  window.addEventListener("pageshow", ({ persisted }) => persisted && void uploads.open());
  window.addEventListener("online", () => uploads.tryNow());
  document.addEventListener("visibilitychange", () => !document.hidden && uploads.tryNow());
  void uploads.open();
  startBox((files, wishes) => void uploads.add(files, wishes));
  return {
    /** Dropped or pasted: sent at once, unless the add box is open, where it is put on the list. */
    async take(dropped: Dropped, box: HTMLElement | null): Promise<void> {
      const chosen = await filesOf(dropped);
      if (box) return stage(box, chosen);
      const words = leftOutInWords(chosen);
      if (words !== "") toast(words);
      await uploads.add(chosen.files, {});
    },
    /** Those of a form elsewhere, which without scripts would send them itself. */
    async send(form: HTMLFormElement): Promise<void> {
      const input = partOf(form, "input[type=file]") as HTMLInputElement;
      const { replaces } = form.dataset;
      await uploads.add([...(input.files ?? [])], replaces === undefined ? {} : { replaces });
      form.reset();
      form.closest("details")?.removeAttribute("open");
    },
    pick(box: HTMLElement, input: HTMLInputElement): void {
      stage(box, pickedFiles([...(input.files ?? [])], input.webkitdirectory));
      // So that the same file can be chosen again after it was taken off the list.
      input.value = "";
    },
  };
}

function settingsOf({ dataset }: HTMLElement): Settings {
  return {
    endpoint: new URL(dataset.endpoint ?? "", location.href).href,
    pictures: dataset.pictures ?? "",
    picturesPage: dataset.picturesPage ?? "",
    video: dataset.video ?? "",
    userId: dataset.user ?? "",
    chunkBytes: Number(dataset.chunk),
    isDirect: dataset.direct !== undefined,
    maxBytes: Number(dataset.max),
  };
}
