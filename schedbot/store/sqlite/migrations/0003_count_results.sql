-- Counts of results, for statistics and metrics. They change in the transaction of the result, and stay when its job
-- is pruned. Periods count from the epoch: hours for kind 'hour', spans of 30 days for 'schedule' and 'label',
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

-- While a row is here, its transaction counts the ends of attempts by a statement of its own (store.history.result_counts).
CREATE TABLE counts_together (
  id  INTEGER NOT NULL PRIMARY KEY,
  CONSTRAINT only_one_row CHECK (id = 1)
) STRICT;

-- An insert into this view counts a result: in its hour, for its schedule and for its label. Buckets: 0 to 9, then steps
-- of 2, 5 and 10 % of the next power of ten.
CREATE VIEW results AS
SELECT key AS schedule_id, period AS due_at, measure, bucket AS ms, key AS label, count AS step FROM rollups;
CREATE TRIGGER count_result INSTEAD OF INSERT ON results
BEGIN
  INSERT INTO rollups (kind, period, key, measure, bucket, count, total_ms)
  SELECT kind, period, key, NEW.measure, bucket, NEW.step, NEW.step * coalesce(NEW.ms, 0)
    FROM (SELECT 'hour' AS kind, NEW.due_at / 3600000 AS period, '' AS key
          UNION ALL SELECT 'schedule', NEW.due_at / 2592000000, NEW.schedule_id
          UNION ALL SELECT 'label', NEW.due_at / 2592000000, NEW.label WHERE NEW.label IS NOT NULL)
         JOIN (SELECT CASE WHEN NEW.ms IS NULL THEN -1 WHEN NEW.ms < 0 THEN 0 WHEN NEW.ms < 10 THEN NEW.ms
              WHEN NEW.ms < 20 THEN NEW.ms / 2 * 2 WHEN NEW.ms < 50 THEN NEW.ms / 5 * 5 WHEN NEW.ms < 100 THEN NEW.ms / 10 * 10
              WHEN NEW.ms < 200 THEN NEW.ms / 20 * 20 WHEN NEW.ms < 500 THEN NEW.ms / 50 * 50 WHEN NEW.ms < 1000 THEN NEW.ms / 100 * 100
              WHEN NEW.ms < 2000 THEN NEW.ms / 200 * 200 WHEN NEW.ms < 5000 THEN NEW.ms / 500 * 500 WHEN NEW.ms < 10000 THEN NEW.ms / 1000 * 1000
              WHEN NEW.ms < 20000 THEN NEW.ms / 2000 * 2000 WHEN NEW.ms < 50000 THEN NEW.ms / 5000 * 5000 WHEN NEW.ms < 100000 THEN NEW.ms / 10000 * 10000
              WHEN NEW.ms < 200000 THEN NEW.ms / 20000 * 20000 WHEN NEW.ms < 500000 THEN NEW.ms / 50000 * 50000 WHEN NEW.ms < 1000000 THEN NEW.ms / 100000 * 100000
              WHEN NEW.ms < 2000000 THEN NEW.ms / 200000 * 200000 WHEN NEW.ms < 5000000 THEN NEW.ms / 500000 * 500000 WHEN NEW.ms < 10000000 THEN NEW.ms / 1000000 * 1000000
              ELSE NEW.ms / 10000000 * 10000000 END AS bucket)
   WHERE true
  ON CONFLICT DO UPDATE SET count = count + excluded.count, total_ms = total_ms + excluded.total_ms;
END;

-- A job counts once it has succeeded, failed or was missed, as long as it is in that state.
CREATE TRIGGER count_new_job AFTER INSERT ON jobs
WHEN (NEW.state = 'succeeded' OR NEW.state = 'failed' OR NEW.state = 'missed') AND NEW.kind <> 'test'
BEGIN
  INSERT INTO results
  VALUES (NEW.schedule_id, NEW.due_at, CASE NEW.state WHEN 'succeeded' THEN 'posts' ELSE NEW.state END,
          CASE NEW.state WHEN 'succeeded' THEN NEW.lateness_ms END,
          CASE NEW.state WHEN 'succeeded' THEN NULL ELSE NEW.error END, 1);
END;
CREATE TRIGGER count_changed_job AFTER UPDATE OF state ON jobs
WHEN NEW.state <> OLD.state AND ((NEW.state = 'succeeded' OR NEW.state = 'failed' OR NEW.state = 'missed') OR (OLD.state = 'succeeded' OR OLD.state = 'failed' OR OLD.state = 'missed'))
 AND NEW.kind <> 'test' AND NOT EXISTS (SELECT 1 FROM counts_together)
BEGIN
  INSERT INTO results
  SELECT OLD.schedule_id, OLD.due_at, CASE OLD.state WHEN 'succeeded' THEN 'posts' ELSE OLD.state END,
         CASE OLD.state WHEN 'succeeded' THEN OLD.lateness_ms END,
         CASE OLD.state WHEN 'succeeded' THEN NULL ELSE OLD.error END, -1
   WHERE (OLD.state = 'succeeded' OR OLD.state = 'failed' OR OLD.state = 'missed');
  INSERT INTO results
  SELECT NEW.schedule_id, NEW.due_at, CASE NEW.state WHEN 'succeeded' THEN 'posts' ELSE NEW.state END,
         CASE NEW.state WHEN 'succeeded' THEN NEW.lateness_ms END,
         CASE NEW.state WHEN 'succeeded' THEN NULL ELSE NEW.error END, 1
   WHERE (NEW.state = 'succeeded' OR NEW.state = 'failed' OR NEW.state = 'missed');
END;
CREATE TRIGGER uncount_deleted_job AFTER DELETE ON jobs
WHEN (OLD.state = 'succeeded' OR OLD.state = 'failed' OR OLD.state = 'missed') AND OLD.kind <> 'test'
 AND NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN
  INSERT INTO results
  VALUES (OLD.schedule_id, OLD.due_at, CASE OLD.state WHEN 'succeeded' THEN 'posts' ELSE OLD.state END,
          CASE OLD.state WHEN 'succeeded' THEN OLD.lateness_ms END,
          CASE OLD.state WHEN 'succeeded' THEN NULL ELSE OLD.error END, -1);
END;

-- All occurrences of a missed span count in the hour of the last.
CREATE TRIGGER count_new_span AFTER INSERT ON missed_spans
BEGIN INSERT INTO results VALUES (NEW.schedule_id, NEW.last_due_at, 'missed', NULL, NEW.reason, NEW.count); END;
CREATE TRIGGER count_changed_span AFTER UPDATE OF count, last_due_at ON missed_spans
BEGIN
  INSERT INTO results VALUES (OLD.schedule_id, OLD.last_due_at, 'missed', NULL, OLD.reason, -OLD.count);
  INSERT INTO results VALUES (NEW.schedule_id, NEW.last_due_at, 'missed', NULL, NEW.reason, NEW.count);
END;
CREATE TRIGGER uncount_deleted_span AFTER DELETE ON missed_spans
WHEN NOT EXISTS (SELECT 1 FROM prunes WHERE is_deleting = 1)
BEGIN INSERT INTO results VALUES (OLD.schedule_id, OLD.last_due_at, 'missed', NULL, OLD.reason, -OLD.count); END;

-- The end of an attempt. An attempt after another of the same part is a retry, for the other's error.
CREATE TRIGGER count_new_attempt AFTER INSERT ON attempts WHEN NEW.ended_at IS NOT NULL
BEGIN
  INSERT INTO rollups VALUES ('outcome', 0, NEW.workspace_id, NEW.outcome, -1, 1, 0) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER count_new_rendering AFTER INSERT ON attempts WHEN NEW.ended_at IS NOT NULL AND NEW.render_ms IS NOT NULL
BEGIN
  INSERT INTO results
  SELECT schedule_id, due_at, 'render', NEW.render_ms, NEW.report, 1 FROM jobs
   WHERE id = NEW.job_id AND kind <> 'test';
END;
CREATE TRIGGER count_new_retry AFTER INSERT ON attempts WHEN NEW.ended_at IS NOT NULL AND NEW.number > 1
BEGIN
  INSERT INTO results
  SELECT j.schedule_id, j.due_at, 'retried', NULL, coalesce(a.error, a.outcome), 1
    FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = NEW.number - 1 AND a.part = NEW.part
   WHERE j.id = NEW.job_id AND j.kind <> 'test';
END;
CREATE TRIGGER count_end_of_attempt AFTER UPDATE OF ended_at ON attempts
WHEN NEW.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM counts_together)
BEGIN
  INSERT INTO rollups VALUES ('outcome', 0, NEW.workspace_id, NEW.outcome, -1, 1, 0) ON CONFLICT DO UPDATE SET count = count + 1;
  INSERT INTO results
  SELECT schedule_id, due_at, 'render', NEW.render_ms, NEW.report, 1 FROM jobs
   WHERE id = NEW.job_id AND kind <> 'test' AND NEW.render_ms IS NOT NULL;
  INSERT INTO results
  SELECT j.schedule_id, j.due_at, 'retried', NULL, coalesce(a.error, a.outcome), 1
    FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = NEW.number - 1 AND a.part = NEW.part
   WHERE j.id = NEW.job_id AND j.kind <> 'test';
END;
