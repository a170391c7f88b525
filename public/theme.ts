/** The choice shows at once; the form's own request, which keeps it, goes on behind it. */
export function startTheme(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const theme = (event.submitter as HTMLButtonElement | null)?.value;
    if (!form.matches(".theme-form") || !theme) return;
    event.preventDefault();
    document.documentElement.dataset.theme = theme;
    for (const button of document.querySelectorAll<HTMLButtonElement>(".theme-form button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    void fetch(form.action, { method: "POST", body: new URLSearchParams({ theme }), redirect: "manual" });
  });
}
