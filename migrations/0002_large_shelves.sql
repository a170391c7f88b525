-- Ways to the few rows that pages ask for, on a shelf of a hundred thousand.

CREATE INDEX downloads_state ON downloads (state, seq);
CREATE INDEX downloads_user_state ON downloads (user_id, state, seq);
CREATE INDEX videos_private ON videos (owner_id) WHERE visibility = 'private';
