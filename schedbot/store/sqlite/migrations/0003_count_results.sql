-- Counts of results, for statistics and metrics. They stay when a job is pruned. Ticks add the results below to them.
-- Periods count from the epoch: hours for kind 'hour', spans of 30 days for 'schedule' and 'label',
-- 0 for 'outcome'. `measure`: posts, failed, retried, missed, render; for kind 'outcome' the outcome of an attempt.
CREATE TABLE rollups (
  kind      TEXT    NOT NULL,
  period    INTEGER NOT NULL,
  key       TEXT    NOT NULL,                          -- '', schedule, label (error; of a rendering its report), workspace
  measure   TEXT    NOT NULL,
  bucket    INTEGER NOT NULL,                          -- least milliseconds of lateness (posts) or rendering; -1: none
  count     INTEGER NOT NULL,
  total_ms  INTEGER NOT NULL,                          -- sum of the milliseconds
  PRIMARY KEY (kind, period, key, measure, bucket),
  CONSTRAINT kind_known CHECK (kind IN ('hour', 'schedule', 'label', 'outcome'))
) STRICT, WITHOUT ROWID;

-- Counts of schedules (kind 'schedule') of spans that are over: ticks move them here. In this order statistics need not
-- sort them; in the order of the table above, the counts of the present span are close to each other.
CREATE TABLE closed_rollups (
  key       TEXT    NOT NULL,
  measure   TEXT    NOT NULL,
  bucket    INTEGER NOT NULL,
  period    INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  PRIMARY KEY (key, measure, bucket, period)
) STRICT, WITHOUT ROWID;

-- Their sums over all closed spans.
CREATE TABLE closed_totals (
  key       TEXT    NOT NULL,
  measure   TEXT    NOT NULL,
  bucket    INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  PRIMARY KEY (key, measure, bucket)
) STRICT, WITHOUT ROWID;

-- Prunes: what was deleted. While a slice deletes, its row says so, and no count goes down.
CREATE TABLE prunes (
  id           INTEGER NOT NULL PRIMARY KEY,
  pruned_at    INTEGER NOT NULL,                       -- instant of the last slice
  older_than   INTEGER NOT NULL,                       -- jobs due before this instant were deleted
  keeps_failed INTEGER NOT NULL,
  jobs         INTEGER NOT NULL DEFAULT 0,
  attempts     INTEGER NOT NULL DEFAULT 0,
  changes      INTEGER NOT NULL DEFAULT 0,
  is_deleting  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX prunes_deleting ON prunes (is_deleting) WHERE is_deleting = 1;

-- Results that are not in `rollups` yet, in the order of their arrival. Triggers write them in the transaction of the
-- result, and statistics count them beside `rollups`. An outcome of an attempt has a workspace and no schedule.
CREATE TABLE results (
  id           INTEGER NOT NULL PRIMARY KEY,
  schedule_id  TEXT,
  workspace_id TEXT,
  due_at       INTEGER,
  measure      TEXT    NOT NULL,                       -- as in `rollups`
  ms           INTEGER,                                -- lateness of a post, or of a rendering its duration
  label        TEXT,
  step         INTEGER NOT NULL                        -- number of results; negative: they do not count any more
) STRICT;

-- The results that ticks are adding to `rollups`, a part in each transaction: those up to `last_id`. Their hours, labels
-- and outcomes are added, and the counts of the schedules up to (period, key).
CREATE TABLE rollup_batch (
  id       INTEGER NOT NULL PRIMARY KEY,
  last_id  INTEGER NOT NULL,                           -- 0: none
  period   INTEGER NOT NULL,
  key      TEXT    NOT NULL,
  version  INTEGER NOT NULL,                           -- grows with each part, so that no other tick adds it too
  CONSTRAINT only_one_row CHECK (id = 1)
) STRICT;
INSERT INTO rollup_batch VALUES (1, 0, -1, '', 0);

-- A job counts once it has succeeded, failed or was missed, as long as it is in that state.
CREATE TRIGGER count_new_job AFTER INSERT ON jobs
WHEN (NEW.state = 'succeeded' OR NEW.state = 'failed' OR NEW.state = 'missed') AND NEW.kind <> 'test'
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
  VALUES (NEW.schedule_id, NEW.due_at, CASE NEW.state WHEN 'succeeded' THEN 'posts' ELSE NEW.state END,
          CASE NEW.state WHEN 'succeeded' THEN NEW.lateness_ms END,
          CASE NEW.state WHEN 'succeeded' THEN NULL ELSE NEW.error END, 1);
END;
CREATE TRIGGER count_changed_job AFTER UPDATE OF state ON jobs
WHEN NEW.state <> OLD.state AND (NEW.state = 'succeeded' OR NEW.state = 'failed' OR NEW.state = 'missed')
 AND NEW.kind <> 'test'
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
  VALUES (NEW.schedule_id, NEW.due_at, CASE NEW.state WHEN 'succeeded' THEN 'posts' ELSE NEW.state END,
          CASE NEW.state WHEN 'succeeded' THEN NEW.lateness_ms END,
          CASE NEW.state WHEN 'succeeded' THEN NULL ELSE NEW.error END, 1);
END;
CREATE TRIGGER uncount_changed_job AFTER UPDATE OF state ON jobs
WHEN NEW.state <> OLD.state AND (OLD.state = 'succeeded' OR OLD.state = 'failed' OR OLD.state = 'missed')
 AND OLD.kind <> 'test'
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
  VALUES (OLD.schedule_id, OLD.due_at, CASE OLD.state WHEN 'succeeded' THEN 'posts' ELSE OLD.state END,
          CASE OLD.state WHEN 'succeeded' THEN OLD.lateness_ms END,
          CASE OLD.state WHEN 'succeeded' THEN NULL ELSE OLD.error END, -1);
END;
CREATE TRIGGER uncount_deleted_job AFTER DELETE ON jobs
WHEN (OLD.state = 'succeeded' OR OLD.state = 'failed' OR OLD.state = 'missed') AND OLD.kind <> 'test'
 AND NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
  VALUES (OLD.schedule_id, OLD.due_at, CASE OLD.state WHEN 'succeeded' THEN 'posts' ELSE OLD.state END,
          CASE OLD.state WHEN 'succeeded' THEN OLD.lateness_ms END,
          CASE OLD.state WHEN 'succeeded' THEN NULL ELSE OLD.error END, -1);
END;

-- All occurrences of a missed span count in the hour of the last.
CREATE TRIGGER count_new_span AFTER INSERT ON missed_spans
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, label, step)
  VALUES (NEW.schedule_id, NEW.last_due_at, 'missed', NEW.reason, NEW.count);
END;
CREATE TRIGGER count_changed_span AFTER UPDATE OF count, last_due_at ON missed_spans
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, label, step)
  VALUES (OLD.schedule_id, OLD.last_due_at, 'missed', OLD.reason, -OLD.count),
         (NEW.schedule_id, NEW.last_due_at, 'missed', NEW.reason, NEW.count);
END;
CREATE TRIGGER uncount_deleted_span AFTER DELETE ON missed_spans
WHEN NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, label, step)
  VALUES (OLD.schedule_id, OLD.last_due_at, 'missed', OLD.reason, -OLD.count);
END;

-- The end of an attempt. An attempt after another of the same part is a retry, for the other's error.
CREATE TRIGGER count_new_attempt AFTER INSERT ON attempts WHEN NEW.ended_at IS NOT NULL
BEGIN
  INSERT INTO results (workspace_id, measure, step) VALUES (NEW.workspace_id, NEW.outcome, 1);
END;
CREATE TRIGGER count_new_rendering AFTER INSERT ON attempts
WHEN NEW.ended_at IS NOT NULL AND NEW.render_ms IS NOT NULL
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
  SELECT schedule_id, due_at, 'render', NEW.render_ms, NEW.report, 1 FROM jobs WHERE id = NEW.job_id AND kind <> 'test';
END;
CREATE TRIGGER count_new_retry AFTER INSERT ON attempts WHEN NEW.ended_at IS NOT NULL AND NEW.number > 1
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, label, step)
  SELECT j.schedule_id, j.due_at, 'retried', coalesce(a.error, a.outcome), 1
    FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = NEW.number - 1 AND a.part = NEW.part
   WHERE j.id = NEW.job_id AND j.kind <> 'test';
END;
CREATE TRIGGER count_end_of_attempt AFTER UPDATE OF ended_at ON attempts WHEN NEW.ended_at IS NOT NULL
BEGIN
  INSERT INTO results (workspace_id, measure, step) VALUES (NEW.workspace_id, NEW.outcome, 1);
END;
CREATE TRIGGER count_end_of_rendering AFTER UPDATE OF ended_at ON attempts
WHEN NEW.ended_at IS NOT NULL AND NEW.render_ms IS NOT NULL
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
  SELECT schedule_id, due_at, 'render', NEW.render_ms, NEW.report, 1 FROM jobs WHERE id = NEW.job_id AND kind <> 'test';
END;
CREATE TRIGGER count_end_of_retry AFTER UPDATE OF ended_at ON attempts WHEN NEW.ended_at IS NOT NULL AND NEW.number > 1
BEGIN
  INSERT INTO results (schedule_id, due_at, measure, label, step)
  SELECT j.schedule_id, j.due_at, 'retried', coalesce(a.error, a.outcome), 1
    FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = NEW.number - 1 AND a.part = NEW.part
   WHERE j.id = NEW.job_id AND j.kind <> 'test';
END;
