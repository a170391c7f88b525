-- What people send: files on their way, what they become, and files that take the place of others. Times are
-- milliseconds since 1970 UTC.

CREATE TABLE uploads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  filename TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  metadata TEXT NOT NULL DEFAULT '{}',
  title TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  visibility TEXT NOT NULL,
  recorded_at INTEGER,
  replaces_video_id TEXT REFERENCES videos (id) ON DELETE CASCADE,
  video_id TEXT REFERENCES videos (id) ON DELETE SET NULL,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX uploads_id ON uploads (id);
CREATE INDEX uploads_user ON uploads (user_id, seq);
CREATE INDEX uploads_expiry ON uploads (expires_at);
CREATE INDEX uploads_replaces ON uploads (replaces_video_id) WHERE replaces_video_id IS NOT NULL;
CREATE INDEX uploads_video ON uploads (video_id) WHERE video_id IS NOT NULL;

-- Null: what the configuration says for everybody; 0: as much as there is room for.
ALTER TABLE users ADD COLUMN quota_bytes INTEGER;

-- When the camera took it, as the file says.
ALTER TABLE videos ADD COLUMN recorded_at INTEGER;
-- A new file is being made ready to take the place of the one that plays.
ALTER TABLE videos ADD COLUMN replacing_since INTEGER;
ALTER TABLE videos ADD COLUMN replace_error TEXT;
CREATE INDEX videos_filename ON videos (filename, size_bytes) WHERE filename IS NOT NULL;
CREATE INDEX videos_sha256 ON videos (sha256) WHERE sha256 IS NOT NULL;
