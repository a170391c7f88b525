import htmx from "htmx.org";

/** Small help for forms that all work without it. */
export function startForms(): void {
  document.addEventListener("submit", swapInPlace);
  document.addEventListener("click", revealPassword);
  document.addEventListener("pointerover", localiseTime);
}

/** `<form data-swap="#queue">` takes only that part of the page that its answer leads to, and the line that it `says`. */
function swapInPlace(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const target = form.dataset.swap;
  if (!target) return;
  event.preventDefault();
  const button = event.submitter as HTMLButtonElement | null;
  const values = button?.name ? { [button.name]: button.value } : {};
  const says = form.dataset.says;
  const selectOOB = says && document.querySelector(says) ? `${says}:outerMorph` : undefined;
  const how = { source: form, target, select: target, selectOOB, swap: "outerMorph", values };
  const swapped = htmx.ajax("POST", form.action, how);
  // What moved was taken out for a moment, and the keyboard's place with it.
  void swapped.then(() => button?.id && document.getElementById(button.id)?.focus());
}

function revealPassword(event: MouseEvent): void {
  const button = (event.target as Element).closest<HTMLElement>("[data-reveal]");
  const input = button && document.querySelector<HTMLInputElement>(`#${button.dataset.reveal}`);
  if (!input) return;
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

/** The server names exact times in UTC; here the reader's own time zone is known. */
function localiseTime(event: PointerEvent): void {
  const time = (event.target as Element).closest("time");
  if (!time) return;
  time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
}
