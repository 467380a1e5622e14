-- The hash chain over changes, ended attempts, look-ups and settled jobs. Each transaction that writes such rows adds
-- links: SHA-256 of the link before, the number and the entries. The entries have the key and the hash of each row.
CREATE TABLE links (
  id       INTEGER NOT NULL PRIMARY KEY,               -- 1, 2, 3 ... without a gap
  hash     TEXT    NOT NULL,
  entries  BLOB    NOT NULL
) STRICT;
CREATE TRIGGER link_is_final BEFORE UPDATE ON links BEGIN SELECT RAISE(ABORT, 'a link is never updated'); END;
CREATE TRIGGER link_stays BEFORE DELETE ON links BEGIN SELECT RAISE(ABORT, 'a link is never deleted'); END;

CREATE TRIGGER change_is_final BEFORE UPDATE ON changes
BEGIN SELECT RAISE(ABORT, 'a change on record is never updated'); END;
CREATE TRIGGER lookup_is_final BEFORE UPDATE ON lookups
BEGIN SELECT RAISE(ABORT, 'a look-up is never updated'); END;
CREATE TRIGGER settled_job_is_final AFTER UPDATE OF schedule_id, due_at, state, attempts, error, ts, lateness_ms ON jobs
WHEN OLD.state = 'succeeded' OR (OLD.state = 'failed' AND NEW.state NOT IN ('queued', 'failed'))
BEGIN SELECT RAISE(ABORT, 'a posted job is never changed, and a failed one is only queued again'); END;

-- Only a prune deletes them. Jobs that were never tried are also taken back after a clock that was ahead.
CREATE TRIGGER change_stays BEFORE DELETE ON changes WHEN NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN SELECT RAISE(ABORT, 'only a prune deletes changes'); END;
CREATE TRIGGER lookup_stays BEFORE DELETE ON lookups WHEN NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN SELECT RAISE(ABORT, 'only a prune deletes look-ups'); END;
CREATE TRIGGER ended_attempt_stays BEFORE DELETE ON attempts
WHEN OLD.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN SELECT RAISE(ABORT, 'only a prune deletes ended attempts'); END;
CREATE TRIGGER settled_job_stays BEFORE DELETE ON jobs
WHEN (OLD.attempts > 0 OR OLD.state IN ('succeeded', 'failed')) AND NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN SELECT RAISE(ABORT, 'only a prune deletes jobs that were tried'); END;
