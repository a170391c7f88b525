let release: Promise<unknown> = Promise.resolve();

/** While a button is held down nothing may move it away: the press would be lost between its down and its up. */
export function watchPresses(): void {
  document.addEventListener("pointerdown", () => {
    release = new Promise((resolve) => {
      for (const end of ["pointerup", "pointercancel"])
        document.addEventListener(end, resolve, { once: true });
    }).then(afterClick);
  });
}

/** Settles once no button is held down, and what its press does was begun. */
export function released(): Promise<unknown> {
  return release;
}

/** The click comes after the pointer is up. */
function afterClick(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve));
}
