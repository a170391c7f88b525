// What every page gets. htmx first: its extensions find it on `window`.
import "htmx.org";
import "htmx.org/dist/ext/hx-csp.js";
import "htmx.org/dist/ext/hx-sse.js";
import { startBookmarklet } from "./bookmarklet.ts";
import { startCards } from "./cards.ts";
import { startCopy } from "./copy.ts";
import { startDialogs } from "./dialogs.ts";
import { startDrop } from "./drop.ts";
import { startForms } from "./forms.ts";
import { startLive } from "./live.ts";
import { startPreview } from "./preview.ts";
import { startShortcuts } from "./shortcuts.ts";
import { startTheme } from "./theme.ts";
import { startUploads } from "./upload-door.ts";

startTheme();
startForms();
startDialogs();
startShortcuts();
startCards();
startCopy();
startBookmarklet();
startLive();
startPreview();
startUploads();
startDrop();
