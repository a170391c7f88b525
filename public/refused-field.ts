/** Takes what is said of a field out of an answer and says it under that field, as the server does in a whole page. */
export function refuseField(field: HTMLElement, answer: ParentNode): boolean {
  acceptField(field);
  const said = answer.querySelector<HTMLElement>(`#${field.id}-error`);
  if (!said) return false;
  // The page was there before it: it has to be read out.
  said.role = "alert";
  field.after(said);
  field.ariaInvalid = "true";
  field.setAttribute("aria-describedby", [said.id, ...othersOf(field, said.id)].join(" "));
  return true;
}

/** What was wrong with it is of what was written there before. */
export function acceptField(field: HTMLElement): void {
  const id = `${field.id}-error`;
  document.getElementById(id)?.remove();
  field.ariaInvalid = null;
  const others = othersOf(field, id).join(" ");
  if (others === "") field.removeAttribute("aria-describedby");
  else field.setAttribute("aria-describedby", others);
}

function othersOf(field: HTMLElement, id: string): string[] {
  const ids = field.getAttribute("aria-describedby")?.split(" ") ?? [];
  return ids.filter((one) => one !== "" && one !== id);
}
