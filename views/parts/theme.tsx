import { paths } from "../../src/paths.ts";
import type { Page, Theme } from "../page.ts";
import { Icon, type IconName } from "./icons.tsx";

const choices: { theme: Theme; label: string; icon: IconName }[] = [
  { theme: "auto", label: "System", icon: "monitor" },
  { theme: "light", label: "Light", icon: "sun" },
  { theme: "dark", label: "Dark", icon: "moon" },
];

/** Three ways to look; a plain form that scripts make instant. */
export function ThemeForm({ page }: { page: Page }) {
  return (
    <form class="theme-form" method="post" action={paths.theme()} aria-label="Theme">
      <input type="hidden" name="next" value={page.here} />
      {choices.map(({ theme, label, icon }) => (
        <button type="submit" name="theme" value={theme} aria-pressed={String(page.theme === theme)}>
          <Icon name={icon} />
          {label}
        </button>
      ))}
    </form>
  );
}

/** The theme behind one button. */
export function ThemeMenu({ page }: { page: Page }) {
  return (
    <div class="theme-menu">
      <button
        type="button"
        class="button quiet icon-only anchor-theme"
        popovertarget="theme-menu"
        aria-label="Theme"
        title="Theme"
      >
        <Icon name="contrast" />
      </button>
      <div id="theme-menu" class="menu at-theme" popover="auto">
        <ThemeForm page={page} />
      </div>
    </div>
  );
}
