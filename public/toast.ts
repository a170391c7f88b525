const shownMs = 6000;

/** A sentence at the foot of the page, read out by screen readers, that goes by itself. */
export function toast(sentence: string): void {
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = sentence;
  document.querySelector("#toasts")?.replaceChildren(line);
  setTimeout(() => line.remove(), shownMs);
}
