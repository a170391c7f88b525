import { paths } from "../../src/paths.ts";
import { Icon } from "./icons.tsx";

/** The way to the downloads, with how many run or wait. */
export function Tray({ running, current }: { running: number; current: boolean }) {
  return (
    <a
      id="tray"
      class="button quiet icon-only tray"
      href={paths.downloads()}
      title="Downloads"
      aria-current={current ? "page" : undefined}
    >
      <Icon name="download" />
      <span class="visually-hidden">Downloads</span>
      <TrayCount running={running} />
    </a>
  );
}

export function TrayCount({ running }: { running: number }) {
  return (
    <span id="tray-count" class="tray-count" hidden={running === 0}>
      {running > 99 ? "99+" : running}
      <span class="visually-hidden"> in progress</span>
    </span>
  );
}
