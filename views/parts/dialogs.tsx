import type { Child } from "hono/jsx";
import type { Page } from "../page.ts";
import { AddForm } from "../downloads/add-form.tsx";
import { Icon } from "./icons.tsx";

/** Opened by scripts only; without them, their links lead to the same things. */
export function AddDialog({ page }: { page: Page }) {
  return (
    <Dialog id="add-dialog" title="Add videos">
      <AddForm page={page} />
    </Dialog>
  );
}

const shortcuts: [keys: string[], what: string][] = [
  [["/"], "Search"],
  [["a"], "Add a video"],
  [["j", "k"], "Next, previous"],
  [["Enter"], "Open"],
  [["g"], "To the gallery"],
  [["d"], "To the downloads"],
  [["u"], "To the uploads"],
  [["?"], "These shortcuts"],
];

const playerShortcuts: typeof shortcuts = [
  [["Space"], "Play, pause"],
  [["←", "→"], "10 seconds back, on"],
  [["↑", "↓"], "Louder, quieter"],
  [["f"], "Full screen"],
  [["m"], "Mute"],
];

export function ShortcutsDialog() {
  return (
    <Dialog id="shortcuts" title="Keyboard shortcuts">
      <div class="shortcuts">
        <Keys title="Everywhere" rows={shortcuts} />
        <Keys title="While watching" rows={playerShortcuts} />
      </div>
    </Dialog>
  );
}

function Keys({ title, rows }: { title: string; rows: typeof shortcuts }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {rows.map(([keys, what]) => (
          <div>
            <dt>
              {keys.map((key) => (
                <kbd>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Dialog({ id, title, children }: { id: string; title: string; children: Child }) {
  return (
    <dialog id={id} class="dialog" aria-labelledby={`${id}-title`} closedby="any">
      <form method="dialog" class="dialog-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <button type="submit" class="button quiet icon-only" aria-label="Close">
          <Icon name="x" />
        </button>
      </form>
      {children}
    </dialog>
  );
}
