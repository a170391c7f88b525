-- Jobs that somebody holds back keep their place in the line. Everything by which a claim passes a job over is in the
-- index that it walks: thousands that wait cost it no look at their rows. `id` is in it so that ties are in order too.

ALTER TABLE jobs ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
DROP INDEX jobs_ready;
CREATE INDEX jobs_ready ON jobs (lane, user_id, priority DESC, run_at, id, held, group_key) WHERE state = 'ready';

-- Few are, and every page of the queue asks whether any is.
CREATE INDEX downloads_paused ON downloads (user_id) WHERE paused_at IS NOT NULL;

-- The starts of a site's downloads keep their distance, a restart between them or not.
ALTER TABLE sites ADD COLUMN last_start_at INTEGER;
