-- Accounts, the shelf, downloads and the job queue. Times are milliseconds since 1970 UTC.

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'user', 'viewer')),
  password_hash TEXT NOT NULL,
  session_version INTEGER NOT NULL DEFAULT 1,
  disabled_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_login_at INTEGER
) STRICT;
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE videos (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  owner_id TEXT NOT NULL REFERENCES users (id),
  title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('PENDING', 'PROCESSING', 'READY', 'FAILED')),
  visibility TEXT NOT NULL DEFAULT 'library' CHECK (visibility IN ('library', 'private')),
  source_url TEXT,
  source_site TEXT,
  filename TEXT,
  mime TEXT,
  size_bytes INTEGER,
  sha256 TEXT,
  duration_seconds REAL,
  width INTEGER,
  height INTEGER,
  video_codec TEXT,
  audio_codec TEXT,
  unplayable_reason TEXT,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  thumbnail_error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX videos_id ON videos (id);
CREATE INDEX videos_owner ON videos (owner_id, seq);
CREATE INDEX videos_state ON videos (state, seq);

-- Search in titles and descriptions, any three letters in a row. The index keeps no copy of the text.
CREATE VIRTUAL TABLE videos_fts USING fts5 (
  title, description, content = 'videos', content_rowid = 'seq', tokenize = 'trigram'
);
CREATE TRIGGER videos_fts_insert AFTER INSERT ON videos BEGIN
  INSERT INTO videos_fts (rowid, title, description) VALUES (new.seq, new.title, new.description);
END;
CREATE TRIGGER videos_fts_delete AFTER DELETE ON videos BEGIN
  INSERT INTO videos_fts (videos_fts, rowid, title, description)
    VALUES ('delete', old.seq, old.title, old.description);
END;
CREATE TRIGGER videos_fts_update AFTER UPDATE OF title, description ON videos BEGIN
  INSERT INTO videos_fts (videos_fts, rowid, title, description)
    VALUES ('delete', old.seq, old.title, old.description);
  INSERT INTO videos_fts (rowid, title, description) VALUES (new.seq, new.title, new.description);
END;

CREATE TABLE files (
  video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('original', 'playable', 'thumbnail', 'poster')),
  n INTEGER NOT NULL DEFAULT 0,
  storage TEXT NOT NULL CHECK (storage IN ('disk', 's3')),
  key TEXT NOT NULL,
  mime TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (video_id, kind, n)
) STRICT;
CREATE UNIQUE INDEX files_key ON files (storage, key);

CREATE TABLE file_removals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  storage TEXT NOT NULL,
  key TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tags (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX tags_name ON tags (name);

CREATE TABLE video_tags (
  video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
  PRIMARY KEY (video_id, tag_id)
) STRICT;
CREATE INDEX video_tags_tag ON video_tags (tag_id, video_id);

CREATE TABLE downloads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  parent_id TEXT,
  video_id TEXT REFERENCES videos (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  title TEXT,
  title_given INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (
    state IN ('waiting', 'probing', 'fetching', 'ingesting', 'done', 'failed', 'cancelled')
  ),
  lane TEXT NOT NULL,
  lane_reason TEXT NOT NULL DEFAULT '',
  fetched_bytes INTEGER,
  fetch_ms INTEGER,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX downloads_id ON downloads (id);
CREATE INDEX downloads_user ON downloads (user_id, seq);
CREATE INDEX downloads_video ON downloads (video_id);
CREATE INDEX downloads_parent ON downloads (parent_id);

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  lane TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'done', 'failed', 'cancelled')),
  payload TEXT NOT NULL,
  unique_key TEXT,
  user_id TEXT,
  priority INTEGER NOT NULL DEFAULT 0,
  turn INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  lease_token TEXT,
  lease_expires_at INTEGER,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_ready ON jobs (lane, user_id, priority DESC, run_at) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (lane, user_id) WHERE state = 'running';
CREATE INDEX jobs_stopping ON jobs (name, unique_key) WHERE state = 'running' AND cancel_requested = 1;
CREATE INDEX jobs_turn ON jobs (lane, user_id, turn);
CREATE UNIQUE INDEX jobs_unique ON jobs (name, unique_key)
  WHERE state = 'ready' OR (state = 'running' AND cancel_requested = 0);
-- Partial on purpose: an index of all states made SQLite prepare every claim anew, ten times the work.
CREATE INDEX jobs_finished ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
