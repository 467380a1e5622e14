-- Instants (*_at) and durations (*_ms) are integers of milliseconds, UTC.

CREATE TABLE installation (
  id          TEXT    NOT NULL PRIMARY KEY,            -- UUID of this database, in the metadata of every message
  created_at  INTEGER NOT NULL,
  zone_data   TEXT,                                    -- IANA version by which next_due_at was computed; null: unknown
  backed_up_at INTEGER                                 -- in a backup: its instant; null: this is none
) STRICT;

-- One row: the place of the file where pools and ticks work with it. A copy of the file lies elsewhere.
CREATE TABLE owner (
  id       INTEGER NOT NULL PRIMARY KEY,
  machine  TEXT    NOT NULL,                           -- hash of /etc/machine-id; '': unknown
  boot     TEXT    NOT NULL,                           -- of the machine, since its last start; '': unknown
  host     TEXT    NOT NULL,
  path     TEXT    NOT NULL,
  device   INTEGER NOT NULL,
  inode    INTEGER NOT NULL,
  cards    TEXT    NOT NULL DEFAULT '',                -- addresses of the network cards, with commas; '': unknown
  CONSTRAINT one_owner CHECK (id = 1)
) STRICT;

CREATE TABLE workspaces (
  id             TEXT    NOT NULL PRIMARY KEY,         -- UUID
  name           TEXT    NOT NULL,
  token_kind     TEXT    NOT NULL,                     -- where its token is, never the token
  token_place    TEXT    NOT NULL DEFAULT '',
  paused_at      INTEGER,
  paused_reason  TEXT,
  paused_by      TEXT,
  stops_grace    INTEGER NOT NULL DEFAULT 0,           -- its token was refused: the grace of its jobs does not run
  created_at     INTEGER NOT NULL,
  removed_at     INTEGER,
  resumes        INTEGER NOT NULL DEFAULT 0,           -- number of resumes: a refusal from before the last is void
  scopes         TEXT,                                 -- of its token at the last check, with commas; null: not checked
  CONSTRAINT token_kind_known CHECK (token_kind IN ('setting', 'env', 'file', 'command', 'store')),
  CONSTRAINT pause_has_a_reason CHECK ((paused_at IS NULL) = (paused_reason IS NULL)),
  CONSTRAINT only_a_pause_stops_grace CHECK (stops_grace = 0 OR (stops_grace = 1 AND paused_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX workspaces_name ON workspaces (name) WHERE removed_at IS NULL;

-- Pauses of all schedules at once, which leave the state of each as it is. Without ended_at the pause is on.
CREATE TABLE pauses_of_all (
  id            INTEGER NOT NULL PRIMARY KEY,
  paused_at     INTEGER NOT NULL,
  reason        TEXT    NOT NULL,
  paused_by     TEXT    NOT NULL,
  paused_until  INTEGER,                               -- end of a timed pause
  ended_at      INTEGER,
  ended_by      TEXT,
  is_final      INTEGER NOT NULL DEFAULT 0,            -- a person paused or resumed all since: it is not restored
  CONSTRAINT ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE UNIQUE INDEX pauses_of_all_on ON pauses_of_all (ended_at IS NULL) WHERE ended_at IS NULL;

-- One row for all schedules that share a recurrence. next_due_at is the first occurrence that is not yet enqueued;
-- null while no active schedule uses it, or when no occurrence is left.
CREATE TABLE recurrences (
  id               INTEGER NOT NULL PRIMARY KEY,
  kind             TEXT    NOT NULL,
  expression       TEXT    NOT NULL,                   -- cron: five fields; once: milliseconds; rrule: RFC 5545
  tz               TEXT    NOT NULL,
  holidays_before  TEXT    NOT NULL DEFAULT '',        -- region: due on the business day before its holidays; '': none
  next_due_at      INTEGER,
  last_due_at      INTEGER,                            -- last occurrence that is enqueued; null: none
  CONSTRAINT kind_known CHECK (kind IN ('cron', 'once', 'rrule')),
  CONSTRAINT recurrence_unique UNIQUE (kind, expression, tz, holidays_before)
) STRICT;
CREATE INDEX recurrences_due ON recurrences (next_due_at) WHERE next_due_at IS NOT NULL;
CREATE INDEX recurrences_enqueued ON recurrences (last_due_at) WHERE last_due_at IS NOT NULL;

CREATE TABLE schedules (
  id             TEXT    NOT NULL PRIMARY KEY,         -- UUID
  name           TEXT    NOT NULL,
  account        TEXT    NOT NULL DEFAULT '',
  workspace_id   TEXT    NOT NULL REFERENCES workspaces (id),
  recurrence_id  INTEGER NOT NULL REFERENCES recurrences (id),
  version        INTEGER NOT NULL,
  state          TEXT    NOT NULL,
  reason         TEXT,
  state_by       TEXT,                                 -- person or program that paused or suspended it
  paused_at      INTEGER,                              -- instant of the last pause
  state_until    INTEGER,                              -- end of a timed pause
  ended_pause    TEXT,                                 -- JSON: until, reason and by of a timed pause that a tick ended
  effective_at   INTEGER NOT NULL,                     -- no occurrence at or before this instant is enqueued
  source         TEXT,                                 -- the sync that added it and changes it; null: none
  unsure_until   INTEGER,                              -- a restore could not find out what it posted up to then
  created_at     INTEGER NOT NULL,
  CONSTRAINT state_known CHECK (state IN ('active', 'paused', 'suspended', 'finished', 'removed')),
  CONSTRAINT paused_has_an_instant CHECK ((state = 'paused') = (paused_at IS NOT NULL)),
  CONSTRAINT only_a_pause_has_an_end CHECK (state_until IS NULL OR state = 'paused'),
  CONSTRAINT version_exists FOREIGN KEY (id, version) REFERENCES schedule_versions (schedule_id, version)
    DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX schedules_name ON schedules (name) WHERE state <> 'removed';
CREATE INDEX schedules_to_enqueue ON schedules (recurrence_id, name) WHERE state = 'active';
CREATE INDEX schedules_of_workspace ON schedules (workspace_id) WHERE state <> 'removed';
CREATE INDEX schedules_of_account ON schedules (account) WHERE state <> 'removed';
CREATE INDEX schedules_removed_of_account ON schedules (account) WHERE state = 'removed';
CREATE INDEX schedules_of_source ON schedules (source) WHERE source IS NOT NULL AND state <> 'removed';
CREATE INDEX schedules_in_timed_pause ON schedules (state_until) WHERE state_until IS NOT NULL;

-- Terms of a schedule, one row for each version. Never updated.
CREATE TABLE schedule_versions (
  schedule_id    TEXT    NOT NULL REFERENCES schedules (id) DEFERRABLE INITIALLY DEFERRED,
  version        INTEGER NOT NULL,
  recurrence_id  INTEGER NOT NULL REFERENCES recurrences (id),
  channel        TEXT    NOT NULL,
  report_kind    TEXT    NOT NULL,
  report_source  TEXT    NOT NULL,
  params         TEXT    NOT NULL DEFAULT '{}',        -- a JSON object
  starts_at      INTEGER,
  until_at       INTEGER,                              -- the last instant that may be an occurrence
  count          INTEGER,                              -- --count as given; until_at has the instant it comes to
  asked_until_at INTEGER,                              -- --until as given; null: a count alone set until_at
  misfire        TEXT    NOT NULL,
  grace_ms       INTEGER NOT NULL,
  max_attempts   INTEGER NOT NULL,
  priority       TEXT    NOT NULL,
  on_unknown     TEXT    NOT NULL,
  jitter_ms      INTEGER NOT NULL DEFAULT 0,
  skip_holidays  TEXT    NOT NULL DEFAULT '',
  holiday_policy TEXT    NOT NULL DEFAULT 'skip',
  send_window    TEXT    NOT NULL DEFAULT '',          -- hours in which it may be posted; '': always
  outside        TEXT    NOT NULL DEFAULT 'defer',     -- defer or skip an occurrence outside of them
  blackout       TEXT    NOT NULL DEFAULT '',          -- blackout dates
  on_empty       TEXT    NOT NULL DEFAULT '',          -- text to post if a report has nothing to report
  thread         TEXT    NOT NULL DEFAULT 'none',      -- span whose messages are replies in one thread
  is_update      INTEGER NOT NULL DEFAULT 0,           -- 1: the last message is updated instead of a new message
  username       TEXT    NOT NULL DEFAULT '',          -- name that messages are posted with; '': the app's own
  icon           TEXT    NOT NULL DEFAULT '',          -- `:emoji:` or URL that messages are posted with
  unfurl         INTEGER NOT NULL DEFAULT 0,           -- 1: previews of links
  tz_from        TEXT    NOT NULL DEFAULT '',          -- user that the time zone comes from: slack:U0123456789
  created_at     INTEGER NOT NULL,
  PRIMARY KEY (schedule_id, version),
  CONSTRAINT report_kind_known CHECK (report_kind IN ('text', 'template', 'named')),
  CONSTRAINT misfire_known CHECK (misfire IN ('latest', 'all', 'skip')),
  CONSTRAINT priority_known CHECK (priority IN ('high', 'normal', 'low')),
  CONSTRAINT on_unknown_known CHECK (on_unknown IN ('resend', 'hold')),
  CONSTRAINT holiday_policy_known CHECK (holiday_policy IN ('skip', 'before', 'after')),
  CONSTRAINT outside_known CHECK (outside IN ('defer', 'skip')),
  CONSTRAINT thread_known CHECK (thread IN ('none', 'daily', 'weekly', 'monthly', 'always')),
  CONSTRAINT thread_or_update CHECK (thread = 'none' OR is_update = 0),
  CONSTRAINT grace_not_negative CHECK (grace_ms >= 0),
  CONSTRAINT jitter_not_negative CHECK (jitter_ms >= 0),
  CONSTRAINT attempts_at_least_one CHECK (max_attempts >= 1),
  CONSTRAINT params_are_json CHECK (json_valid(params))
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_versions_with_calendar ON schedule_versions (recurrence_id)
  WHERE skip_holidays <> '' OR send_window <> '' OR blackout <> '';
CREATE INDEX schedule_versions_with_end ON schedule_versions (recurrence_id, until_at) WHERE until_at IS NOT NULL;
CREATE INDEX schedule_versions_by_channel ON schedule_versions (channel);
CREATE INDEX schedule_versions_by_user ON schedule_versions (tz_from) WHERE tz_from <> '';
CREATE INDEX schedule_versions_by_report ON schedule_versions (report_source) WHERE report_kind = 'named';
CREATE TRIGGER version_is_final BEFORE UPDATE ON schedule_versions
BEGIN SELECT RAISE(ABORT, 'a schedule version is never updated'); END;

-- Time zones of Slack users that schedules follow. The next request to Slack is due at ask_at.
CREATE TABLE people (
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  user_id       TEXT    NOT NULL,
  zone          TEXT    NOT NULL,                      -- in Slack's last reply
  asked_at      INTEGER NOT NULL,                      -- instant of Slack's last reply with a zone
  ask_at        INTEGER NOT NULL,
  error         TEXT,                                  -- error of the requests since
  PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX people_to_ask ON people (ask_at);

-- Send windows and blackout dates of an account or a workspace, for all its schedules.
CREATE TABLE calendars (
  account       TEXT             UNIQUE,
  workspace_id  TEXT             UNIQUE REFERENCES workspaces (id),
  send_window   TEXT    NOT NULL DEFAULT '',
  outside       TEXT    NOT NULL DEFAULT 'defer',
  blackout      TEXT    NOT NULL DEFAULT '',
  CONSTRAINT account_or_workspace CHECK ((account IS NULL) <> (workspace_id IS NULL)),
  CONSTRAINT outside_known CHECK (outside IN ('defer', 'skip')),
  CONSTRAINT window_or_blackout CHECK (send_window <> '' OR blackout <> '')
) STRICT;

-- Jobs: one for each enqueued occurrence, and for each extra post (run-now).
-- A CHECK of many values that is run for each job has no IN: SQLite would build an index of the values each time.
-- The key begins with the day, so that a tick writes into a small part of it, however many jobs there are.
CREATE TABLE jobs (
  id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  schedule_id   TEXT    NOT NULL REFERENCES schedules (id),
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  kind          TEXT    NOT NULL DEFAULT 'scheduled',  -- extra: beside the occurrences, without a calendar
  due_at        INTEGER NOT NULL,
  available_at  INTEGER NOT NULL,                      -- not claimed before; of unknown outcome: not looked up before
  deadline_at   INTEGER NOT NULL,                      -- not posted after
  deferred_to   INTEGER,                               -- instant to post at instead of due_at; null: at due_at
  deferred_by   TEXT,                                  -- holiday, window or blackout date that deferred it
  state         TEXT    NOT NULL,
  parked        INTEGER NOT NULL DEFAULT 0,            -- its workspace is paused: not claimed
  is_requested  INTEGER NOT NULL DEFAULT 0,            -- a person wants it sent: no calendar skips it
  attempts      INTEGER NOT NULL DEFAULT 0,            -- number of the last attempt
  spent         INTEGER NOT NULL DEFAULT 0,            -- attempts that count against the schedule's limit
  token         INTEGER,                               -- fencing token of the claim
  lease_until   INTEGER,
  error         TEXT,                                  -- of the last attempt, or the calendar's reason
  cancel_reason TEXT,                                  -- change that cancelled or skipped it
  ts            TEXT,                                  -- Slack's id of the message; of several parts, of the first
  lateness_ms   INTEGER,
  parts         INTEGER NOT NULL DEFAULT 1,            -- messages that it is sent as; with more, message_parts has them
  parts_posted  INTEGER NOT NULL DEFAULT 0,            -- parts that are posted; its last part makes it succeeded
  thread_ts     TEXT,                                  -- thread that its first part goes to; null: the channel
  stored_at     INTEGER,                               -- its message is in message_parts; null: it is rendered when sent
  degraded      INTEGER NOT NULL DEFAULT 0,            -- a picture of it is missing
  acknowledged  TEXT,                                  -- JSON: at, by and reason of a person who saw its failure
  day           INTEGER NOT NULL GENERATED ALWAYS AS (due_at / 86400000) VIRTUAL,  -- UTC, counted from the epoch
  CONSTRAINT one_job_for_each_occurrence UNIQUE (day, schedule_id, due_at),
  CONSTRAINT kind_known CHECK (kind IN ('scheduled', 'extra', 'test')),
  CONSTRAINT state_known CHECK (
    state = 'queued' OR state = 'running' OR state = 'succeeded' OR state = 'failed' OR state = 'unknown' OR
    state = 'held' OR state = 'missed' OR state = 'skipped' OR state = 'cancelled'),
  CONSTRAINT cancel_reason_known CHECK (
    cancel_reason = 'schedule_paused' OR cancel_reason = 'schedule_edited' OR cancel_reason = 'schedule_suspended' OR
    cancel_reason = 'schedule_removed' OR cancel_reason = 'skipped_by_hand' OR cancel_reason = 'all_paused'),
  CONSTRAINT cancelled_has_a_reason CHECK (state <> 'cancelled' OR cancel_reason IS NOT NULL),
  CONSTRAINT only_cancelled_or_skipped_has_a_cancel_reason
    CHECK (cancel_reason IS NULL OR state IN ('cancelled', 'skipped')),
  CONSTRAINT running_is_leased CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CONSTRAINT running_has_a_token CHECK ((state = 'running') = (token IS NOT NULL)),
  CONSTRAINT success_has_a_ts CHECK (state <> 'succeeded' OR ts IS NOT NULL),
  CONSTRAINT parts_at_least_one CHECK (parts >= 1 AND parts_posted BETWEEN 0 AND parts),
  CONSTRAINT begun_has_a_ts CHECK (parts_posted = 0 OR ts IS NOT NULL),
  CONSTRAINT degraded_is_yes_or_no CHECK (degraded IN (0, 1)),
  CONSTRAINT parked_is_yes_or_no CHECK (parked IN (0, 1)),
  CONSTRAINT requested_is_yes_or_no CHECK (is_requested IN (0, 1)),
  CONSTRAINT deferred_has_a_reason CHECK ((deferred_to IS NULL) = (deferred_by IS NULL))
) STRICT;
CREATE INDEX jobs_claimable ON jobs (available_at, id) WHERE state = 'queued' AND parked = 0;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_to_look_up ON jobs (available_at) WHERE state = 'unknown';
CREATE INDEX jobs_of_unknown_outcome ON jobs (schedule_id) WHERE state = 'unknown';
CREATE INDEX jobs_by_workspace ON jobs (workspace_id, available_at, id) WHERE state = 'queued' AND parked = 0;
CREATE INDEX jobs_parked ON jobs (workspace_id) WHERE state = 'queued' AND parked = 1;
CREATE INDEX jobs_held ON jobs (due_at) WHERE state = 'held';
CREATE INDEX jobs_failed ON jobs (due_at) WHERE state = 'failed';
CREATE INDEX jobs_failed_deferred ON jobs (deferred_to, due_at) WHERE state = 'failed' AND deferred_to IS NOT NULL;
CREATE INDEX jobs_skipped ON jobs (due_at) WHERE state = 'skipped';
CREATE INDEX jobs_called_off ON jobs (due_at) WHERE state = 'cancelled' AND cancel_reason = 'all_paused';
CREATE INDEX jobs_by_error ON jobs (error) WHERE error IS NOT NULL;
CREATE INDEX jobs_by_due ON jobs (due_at);
CREATE INDEX jobs_deferred_past_pause ON jobs (schedule_id) WHERE state = 'cancelled' AND deferred_to IS NOT NULL;

-- Days with jobs: the jobs of a schedule are looked up on each of them (store/schedules/job_days.py), and its open jobs
-- (queued, running) on the days that may have some. An index of the open jobs by schedule would be written at each
-- change of a state, on a page for each job. The first open job of a day ends the other days without open jobs, unless
-- it comes late (backfill): then a later day does. A job in advance that is skipped, or a wrong clock, ends no day.
CREATE TABLE job_days (
  day       INTEGER NOT NULL PRIMARY KEY,
  has_open  INTEGER NOT NULL DEFAULT 1,                -- 0: no job of the day is open
  CONSTRAINT has_open_is_yes_or_no CHECK (has_open IN (0, 1))
) STRICT;
CREATE INDEX job_days_open ON job_days (day) WHERE has_open = 1;
CREATE TRIGGER day_of_new_job AFTER INSERT ON jobs
WHEN NEW.state = 'queued' AND NOT EXISTS (SELECT 1 FROM job_days WHERE day = NEW.day AND has_open = 1)
BEGIN
  INSERT INTO job_days (day) VALUES (NEW.day) ON CONFLICT DO UPDATE SET has_open = 1;
  UPDATE job_days SET has_open = 0
   WHERE has_open = 1 AND day NOT BETWEEN NEW.day - 1 AND NEW.day + 1 AND NEW.day >= NEW.available_at / 86400000 - 1
     AND day NOT IN (SELECT day FROM jobs WHERE state = 'queued' AND parked = 0
                     UNION ALL SELECT day FROM jobs WHERE state = 'queued' AND parked = 1
                     UNION ALL SELECT day FROM jobs WHERE state = 'running');
END;
CREATE TRIGGER day_of_new_job_that_is_not_queued AFTER INSERT ON jobs
WHEN NEW.state <> 'queued' AND NOT EXISTS (SELECT 1 FROM job_days WHERE day = NEW.day)
BEGIN INSERT INTO job_days (day, has_open) VALUES (NEW.day, NEW.state = 'running'); END;
CREATE TRIGGER day_of_moved_job AFTER UPDATE OF due_at ON jobs
WHEN NOT EXISTS (SELECT 1 FROM job_days WHERE day = NEW.day AND has_open = 1)
BEGIN INSERT INTO job_days (day) VALUES (NEW.day) ON CONFLICT DO UPDATE SET has_open = 1; END;
CREATE TRIGGER day_of_job_that_is_queued_again AFTER UPDATE OF state ON jobs
WHEN NEW.state = 'queued' AND NOT EXISTS (SELECT 1 FROM job_days WHERE day = NEW.day AND has_open = 1)
BEGIN UPDATE job_days SET has_open = 1 WHERE day = NEW.day; END;

-- Many missed occurrences of a schedule in one row: each occurrence of the recurrence from first to last that has no
-- job. A backfill makes jobs for some of them, and the count goes down by these.
CREATE TABLE missed_spans (
  id            INTEGER NOT NULL PRIMARY KEY,
  schedule_id   TEXT    NOT NULL REFERENCES schedules (id),
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  recurrence_id INTEGER NOT NULL REFERENCES recurrences (id),  -- of the schedule at that time
  first_due_at  INTEGER NOT NULL,
  last_due_at   INTEGER NOT NULL,
  count         INTEGER NOT NULL,
  reason        TEXT    NOT NULL,
  acknowledged  TEXT,                                  -- as in jobs
  CONSTRAINT a_span_holds_something CHECK (count > 0 AND first_due_at <= last_due_at)
) STRICT;
CREATE INDEX missed_spans_of_schedule ON missed_spans (schedule_id, first_due_at, last_due_at, recurrence_id);
CREATE INDEX missed_spans_by_due ON missed_spans (first_due_at);

-- Attempts to post a job. sent_at is committed before the first byte of the request leaves; null: it was not sent.
CREATE TABLE attempts (
  job_id        INTEGER NOT NULL REFERENCES jobs (id),
  number        INTEGER NOT NULL,
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  version       INTEGER NOT NULL,
  channel       TEXT    NOT NULL,
  worker        TEXT    NOT NULL,
  started_at    INTEGER NOT NULL,
  sent_at       INTEGER,
  clock_ms      INTEGER,                               -- Slack's clock minus ours; null: unknown
  rendered_at   INTEGER,                               -- instant of the data of its report; null: a fixed text
  render_ms     INTEGER,
  report        TEXT,                                  -- the named report; null: a text or a template
  part          INTEGER NOT NULL DEFAULT 1,            -- part of the job's message that it sends
  thread_ts     TEXT,                                  -- thread that it goes to; null: the channel
  method        TEXT    NOT NULL DEFAULT 'post',       -- post, update of an earlier message, share of a file
  ended_at      INTEGER,
  outcome       TEXT,
  error         TEXT,
  detail        TEXT,                                  -- text of an error of schedbot itself
  http_status   INTEGER,
  ts            TEXT,
  lateness_ms   INTEGER,
  PRIMARY KEY (job_id, number),
  CONSTRAINT ended_has_an_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL)),
  CONSTRAINT outcome_known CHECK (
    outcome = 'posted' OR outcome = 'rate_limited' OR outcome = 'quota' OR outcome = 'unknown' OR
    outcome = 'not_posted' OR outcome = 'token_refused' OR outcome = 'channel_refused' OR
    outcome = 'message_refused' OR outcome = 'our_defect' OR outcome = 'render_failed' OR outcome = 'not_ready' OR
    outcome = 'nothing_to_report' OR outcome = 'lost_unsent'),
  CONSTRAINT method_known CHECK (method = 'post' OR method = 'update' OR method = 'share'),
  CONSTRAINT posted_has_a_ts CHECK (outcome <> 'posted' OR ts IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts (job_id) WHERE ended_at IS NULL;
CREATE INDEX attempts_of_report ON attempts (report, started_at) WHERE report IS NOT NULL;
CREATE TRIGGER ended_attempt_is_final AFTER UPDATE ON attempts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an ended attempt is never updated'); END;

-- Parts of a message that is sent as several, stored before the first is sent: the others are never rendered anew.
CREATE TABLE message_parts (
  job_id   INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  part     INTEGER NOT NULL,                           -- from 1 on
  method   TEXT    NOT NULL,
  content  TEXT    NOT NULL,                           -- JSON: a message, or the number of a file; '': the job has ended
  ts       TEXT,                                       -- null: not posted yet
  PRIMARY KEY (job_id, part),
  CONSTRAINT method_known CHECK (method IN ('post', 'share')),
  CONSTRAINT content_is_json CHECK (content = '' OR json_valid(content))
) STRICT, WITHOUT ROWID;
CREATE INDEX message_parts_kept ON message_parts (job_id) WHERE content <> '';

-- Files of a message. The id of an uploaded file is committed before the file is shared, or a message shows it.
CREATE TABLE message_files (
  job_id      INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL,                        -- from 1 on
  name        TEXT    NOT NULL,
  title       TEXT    NOT NULL DEFAULT '',
  alt         TEXT    NOT NULL DEFAULT '',             -- text that stands for a picture
  size        INTEGER NOT NULL,                        -- bytes
  path        TEXT    NOT NULL,                        -- of its content, on this machine; '': removed
  is_picture  INTEGER NOT NULL,
  file_id     TEXT,                                    -- Slack's; null: not uploaded yet
  error       TEXT,                                    -- of its last upload
  PRIMARY KEY (job_id, number),
  CONSTRAINT picture_is_yes_or_no CHECK (is_picture IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX message_files_on_disk ON message_files (job_id) WHERE path <> '';

-- Threads of schedules that post into the same one for a day, a week, a month, or always.
CREATE TABLE threads (
  schedule_id  TEXT    NOT NULL REFERENCES schedules (id),
  channel      TEXT    NOT NULL,
  span         TEXT    NOT NULL,                       -- 2026-11-30, 2026-W49, 2026-11 or always, in the schedule's zone
  opener       INTEGER NOT NULL,                       -- job that opens it; it may have been pruned since
  thread_ts    TEXT,                                   -- of the message that opened it; null: not posted yet
  started_at   INTEGER NOT NULL,
  PRIMARY KEY (schedule_id, channel, span)
) STRICT, WITHOUT ROWID;

-- Conversations with people, opened once for each.
CREATE TABLE direct_messages (
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  user_id       TEXT    NOT NULL,
  channel_id    TEXT    NOT NULL,                      -- D...
  opened_at     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX direct_messages_by_channel ON direct_messages (channel_id);

-- Look-ups of attempts of unknown outcome in the channel's history, with their results.
CREATE TABLE lookups (
  id            INTEGER NOT NULL PRIMARY KEY,
  job_id        INTEGER NOT NULL REFERENCES jobs (id),
  number        INTEGER NOT NULL,
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  looked_up_at  INTEGER NOT NULL,
  answer        TEXT    NOT NULL,
  error         TEXT,
  ts            TEXT,
  CONSTRAINT answer_known CHECK (answer IN ('found', 'absent', 'widened', 'cannot_ask', 'later'))
) STRICT;
CREATE INDEX lookups_of_job ON lookups (job_id);

CREATE TABLE pacing (
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  method        TEXT    NOT NULL,
  channel       TEXT    NOT NULL DEFAULT '',           -- '': the method in the whole workspace
  held_at       INTEGER NOT NULL,                      -- instant of the write
  free_at       INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, method, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  id            INTEGER NOT NULL PRIMARY KEY,
  changed_at    INTEGER NOT NULL,
  actor         TEXT    NOT NULL,
  host          TEXT,                                  -- of a person's command; null: tick or work
  command       TEXT    NOT NULL,
  workspace_id  TEXT    REFERENCES workspaces (id),
  kind          TEXT    NOT NULL,                      -- of the changed object
  object_id     TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  before        TEXT,                                  -- JSON; null: it did not exist
  after         TEXT,
  undoes        INTEGER REFERENCES changes (id),       -- the change that this one took back
  CONSTRAINT kind_known CHECK (kind IN ('schedule', 'workspace', 'job', 'missed', 'calendar', 'installation'))
) STRICT;
CREATE INDEX changes_of_object ON changes (kind, object_id);
CREATE INDEX changes_by_time ON changes (changed_at);
CREATE INDEX changes_by_name ON changes (name);
CREATE INDEX changes_undone ON changes (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE heartbeats (
  kind        TEXT    NOT NULL,                        -- tick, pool, command (last change), gap (between ticks), service (last pool of it)
  name        TEXT    NOT NULL,
  program     TEXT    NOT NULL,                        -- version of schedbot
  started_at  INTEGER NOT NULL,
  beat_at     INTEGER NOT NULL,
  is_sharing  INTEGER NOT NULL DEFAULT 0,              -- a pool: 1 while it writes its holds of channels for others
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- Failures that may pass by themselves: of the machine, and of token sources.
CREATE TABLE passing_failures (
  code          TEXT    NOT NULL,
  workspace_id  TEXT    NOT NULL,                      -- of a token source; '': of the machine
  since         INTEGER NOT NULL,
  failed_at     INTEGER NOT NULL,                      -- the last time
  detail        TEXT    NOT NULL,
  PRIMARY KEY (code, workspace_id)
) STRICT, WITHOUT ROWID;

-- Posts in a row that got no answer from Slack. It outlives the pool, so that the next pool knows of an outage.
CREATE TABLE outage (
  id            INTEGER NOT NULL PRIMARY KEY,
  failures      INTEGER NOT NULL,
  workspace_id  TEXT    NOT NULL,                      -- of the last such post
  changed_at    INTEGER NOT NULL,
  CONSTRAINT only_one_row CHECK (id = 1)
) STRICT;
