-- What others put into the bucket for us to take, until it is a video and gone from there, or for as long as it is
-- refused. Times are milliseconds since 1970 UTC.
CREATE TABLE incoming_objects (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  modified_at INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  state TEXT NOT NULL,
  video_id TEXT REFERENCES videos (id) ON DELETE SET NULL,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX incoming_objects_object ON incoming_objects (key, etag, modified_at);
CREATE INDEX incoming_objects_state ON incoming_objects (state);
CREATE INDEX incoming_objects_video ON incoming_objects (video_id) WHERE video_id IS NOT NULL;
