-- Pictures that people send, each with the files that were made of it: one for every width that pages ask for.

CREATE TABLE images (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  owner_id TEXT NOT NULL REFERENCES users (id),
  filename TEXT NOT NULL,
  mime TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX images_id ON images (id);
CREATE INDEX images_owner ON images (owner_id, seq);

CREATE TABLE image_files (
  image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  width INTEGER NOT NULL,
  storage TEXT NOT NULL,
  key TEXT NOT NULL,
  mime TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (image_id, width)
) STRICT;
CREATE UNIQUE INDEX image_files_key ON image_files (storage, key);
