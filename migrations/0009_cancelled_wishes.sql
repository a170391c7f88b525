-- What a cancelled download's video was to be, tags and who may see it: the video itself is gone, and started again it
-- must not be for more eyes than it was meant for.
ALTER TABLE downloads ADD COLUMN wishes TEXT;
