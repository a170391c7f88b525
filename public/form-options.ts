import { askForm } from "./form-parts.ts";

const path = "/downloads/options";

/** The dialog of every page comes without them: they are loaded when somebody turns to the form. */
export function loadOptions(form: HTMLFormElement | null): void {
  const empty = form?.querySelector<HTMLElement>("#add-options[data-load]");
  if (!form || !empty) return;
  delete empty.dataset.load;
  void replace(form, askForm(path, null));
}

export function takeProfile(form: HTMLFormElement, id: string): Promise<void> {
  return replace(form, askForm(`${path}?profile=${encodeURIComponent(id)}`, null));
}

export async function saveProfile(form: HTMLFormElement, submitter: HTMLButtonElement): Promise<void> {
  await replace(form, askForm(submitter.formAction, new FormData(form, submitter)));
  form.querySelector<HTMLElement>("[name=profile_name]")?.focus();
}

/** Of the two places where a quality is chosen, the last change counts in both. */
export function pickQuality(preset: HTMLSelectElement): void {
  for (const radio of preset.form?.querySelectorAll<HTMLInputElement>("[name=quality]") ?? []) {
    radio.checked = radio.value === preset.value;
  }
}

async function replace(form: HTMLFormElement, answer: Promise<DocumentFragment | null>): Promise<void> {
  const fresh = (await answer)?.querySelector("#add-options");
  if (!fresh) return;
  form.querySelector("#add-options")?.replaceWith(fresh);
  const preset = form.querySelector<HTMLSelectElement>("[name=preset]");
  if (preset) pickQuality(preset);
}
