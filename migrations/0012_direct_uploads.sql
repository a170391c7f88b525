-- Uploads that browsers send straight into the bucket, as a multipart upload of S3.
ALTER TABLE uploads ADD COLUMN way TEXT NOT NULL DEFAULT 'disk';
ALTER TABLE uploads ADD COLUMN multipart_id TEXT;
ALTER TABLE uploads ADD COLUMN part_bytes INTEGER;
ALTER TABLE uploads ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
