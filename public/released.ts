let release: Promise<unknown> = Promise.resolve();

/** While a button is held down nothing may move it away: the press would be lost between its down and its up. */
export function watchPresses(): void {
  document.addEventListener("pointerdown", () => void (release = whenUp().then(afterClick)));
}

/** Settles once no button is held down, and what its press does was begun. */
export function released(): Promise<unknown> {
  return release;
}

/** A menu that opens under the pointer keeps its up to itself. */
function whenUp(): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const settle = () => {
      over.abort();
      resolve();
    };
    for (const end of ["pointerup", "pointercancel", "contextmenu"])
      document.addEventListener(end, settle, { signal: over.signal });
  });
}

/** The click comes after the pointer is up. */
function afterClick(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve));
}
