import foundation from "../../migrations/0001_foundation.sql" with { type: "text" };
import largeShelves from "../../migrations/0002_large_shelves.sql" with { type: "text" };
import accounts from "../../migrations/0003_accounts.sql" with { type: "text" };
import downloads from "../../migrations/0004_downloads.sql" with { type: "text" };
import chosenEntries from "../../migrations/0005_chosen_entries.sql" with { type: "text" };
import queue from "../../migrations/0006_queue.sql" with { type: "text" };
import uploads from "../../migrations/0007_uploads.sql" with { type: "text" };
import images from "../../migrations/0008_images.sql" with { type: "text" };
import cancelledWishes from "../../migrations/0009_cancelled_wishes.sql" with { type: "text" };
import storage from "../../migrations/0010_storage.sql" with { type: "text" };
import incoming from "../../migrations/0011_incoming.sql" with { type: "text" };
import directUploads from "../../migrations/0012_direct_uploads.sql" with { type: "text" };

export interface Migration {
  version: number;
  sql: string;
}

/** In order, append-only. A test holds this list against the folder. */
export const migrations: readonly Migration[] = [
  { version: 1, sql: foundation },
  { version: 2, sql: largeShelves },
  { version: 3, sql: accounts },
  { version: 4, sql: downloads },
  { version: 5, sql: chosenEntries },
  { version: 6, sql: queue },
  { version: 7, sql: uploads },
  { version: 8, sql: images },
  { version: 9, sql: cancelledWishes },
  { version: 10, sql: storage },
  { version: 11, sql: incoming },
  { version: 12, sql: directUploads },
];
