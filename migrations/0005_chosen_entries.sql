-- Which videos of a playlist are wanted, as "1-20,33"; null leaves it to the link itself.
ALTER TABLE downloads ADD COLUMN items TEXT;

-- By the address that somebody pasted a video is known again where its site has no ids.
CREATE INDEX videos_source ON videos (source_url);
