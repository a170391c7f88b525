-- What a person chose of a download, what was expected of it, whose turn a site's next download is, and what sites
-- taught us. Times are milliseconds since 1970 UTC.

ALTER TABLE videos ADD COLUMN extractor TEXT;
ALTER TABLE videos ADD COLUMN site_video_id TEXT;
CREATE INDEX videos_origin ON videos (extractor, site_video_id);

ALTER TABLE downloads ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE downloads ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE downloads ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE downloads ADD COLUMN force_long INTEGER NOT NULL DEFAULT 0;
ALTER TABLE downloads ADD COLUMN paused_at INTEGER;
ALTER TABLE downloads ADD COLUMN estimated_bytes INTEGER;
ALTER TABLE downloads ADD COLUMN estimated_seconds REAL;

ALTER TABLE jobs ADD COLUMN group_key TEXT;

CREATE TABLE download_logs (
  download_id TEXT PRIMARY KEY REFERENCES downloads (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE download_profiles (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  options TEXT NOT NULL,
  is_default INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX download_profiles_name ON download_profiles (user_id, name);
CREATE UNIQUE INDEX download_profiles_default ON download_profiles (user_id) WHERE is_default = 1;

CREATE TABLE sites (
  site TEXT PRIMARY KEY,
  speed TEXT,
  cool_down_until INTEGER,
  cool_down_reason TEXT,
  strikes INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE cookie_jars (
  site TEXT PRIMARY KEY,
  added_by TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  expires_at INTEGER,
  tested_at INTEGER,
  test_error TEXT
) STRICT;

-- What admins switched while it runs, e.g. the pause of all downloads.
CREATE TABLE switches (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
