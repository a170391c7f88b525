-- Bytes can be kept for a while after no row names them: of what moved to another storage, addresses are still about.
ALTER TABLE file_removals ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;

CREATE INDEX file_removals_due ON file_removals (not_before);
CREATE INDEX file_removals_key ON file_removals (storage, key);

-- Moves of everything that is stored from one storage to another, the newest last.
CREATE TABLE storage_moves (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  state TEXT NOT NULL,
  files_moved INTEGER NOT NULL DEFAULT 0,
  bytes_moved INTEGER NOT NULL DEFAULT 0,
  files_failed INTEGER NOT NULL DEFAULT 0,
  last_failure TEXT,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
