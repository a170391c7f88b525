/** Opens a dialog of the page; false where it has none of that name. */
export function openDialog(id: string): boolean {
  const dialog = document.querySelector<HTMLDialogElement>(`dialog#${id}`);
  if (!dialog) return false;
  document.querySelector<HTMLElement>(":popover-open")?.hidePopover();
  if (!dialog.open) dialog.showModal();
  return true;
}

/** The add box, wherever it is on this page; false where this page has none. */
export function openAdd(urls = ""): boolean {
  openDialog("add-dialog");
  const box = document.querySelector<HTMLTextAreaElement>("[data-add]");
  if (!box) return false;
  box.focus();
  if (urls !== "") {
    box.value = urls;
    box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
  }
  return true;
}

export function isDialogOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element) || !target.matches("input, textarea, select, [contenteditable]"))
    return false;
  // A field of a dialog that was just closed keeps the focus until the next frame.
  return target.checkVisibility();
}

export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    const opener = (event.target as Element).closest<HTMLElement>("[data-open], a[href$='#add']");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (opener.dataset.open ? openDialog(opener.dataset.open) : openAdd()) event.preventDefault();
  });
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (isTyping(event.target) || isDialogOpen() || !/^https?:\/\/\S+$/i.test(text)) return;
    if (openAdd(text)) event.preventDefault();
  });
}
