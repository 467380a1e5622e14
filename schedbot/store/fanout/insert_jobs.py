"""Write jobs for occurrences: one INSERT ... SELECT for all schedules of a recurrence, the same for a tick and an add.

A job is written up to LOOK_AHEAD_MS before it is due. The jobs of one instant are spaced one second apart within a
channel and interleaved between workspaces, so that a claim is one ordered read of an index. UNIQUE (day,
schedule_id, due_at) makes a second job for an occurrence impossible, whoever enqueues.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schedbot.model import NO_TICK, JobState, MisfirePolicy, Recurrence
from schedbot.rules.calendar import decide
from schedbot.rules.lifecycle import NEW, Event, after
from schedbot.store.database import Database
from schedbot.store.history.missed_spans import NewSpan
from schedbot.store.schedules import shared_calendars
from schedbot.store.schedules.due_soon import LOOK_AHEAD_MS as LOOK_AHEAD_MS
from schedbot.store.schedules.recurrences import StoredRecurrence
from schedbot.store.schedules.shared_calendars import CALENDAR, parse_calendar

QUEUED, SKIPPED = NEW[Event.ENQUEUED], NEW[Event.SKIPPED]
ENQUEUED_AGAIN = after(JobState.CANCELLED, Event.ENQUEUED_AGAIN)
Decisions = dict[str, dict[str, str | int | None]]

ACTIVE = "s.recurrence_id = :recurrence_id AND s.state = 'active'"

# Before the end of its pause, for the occurrences from there on.
IN_TIMED_PAUSE = "s.id = :schedule_id AND s.recurrence_id = :recurrence_id AND s.state = 'paused'"

CALENDARS = f"""
SELECT DISTINCT {CALENDAR}
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE {ACTIVE}
   AND (v.skip_holidays <> '' OR v.send_window <> '' OR v.blackout <> '' OR {shared_calendars.HAS_SHARED})
"""

# Fragments for statements with schedules as `s`, their versions as `v` and instants as `i`.
RANK = "CASE v.priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END"

JITTER = """
CASE WHEN v.jitter_ms = 0 THEN 0
                    ELSE (unicode(substr(s.id, -1, 1)) * 7919 + unicode(substr(s.id, -2, 1)) * 104729
                          + unicode(substr(s.id, -3, 1)) * 1299709 + unicode(substr(s.id, -4, 1)) * 15485863
                          + unicode(substr(s.id, -5, 1)) * 32452843) % v.jitter_ms END
"""

# An occurrence in a missed span is on record already: a tick after a clock that was set back leaves it out.
NOT_IN_A_SPAN = """
NOT EXISTS (SELECT 1 FROM missed_spans m
                            WHERE m.schedule_id = s.id AND m.recurrence_id = s.recurrence_id
                              AND m.last_due_at >= i.due_at AND m.first_due_at <= i.due_at)
"""

# A cancelled job is queued again if its occurrence is due after all.
ENQUEUE_AGAIN = """
ON CONFLICT (day, schedule_id, due_at) DO UPDATE
   SET state = :enqueued_again, workspace_id = excluded.workspace_id, available_at = excluded.available_at,
       deadline_at = excluded.deadline_at, parked = excluded.parked, error = NULL, cancel_reason = NULL,
       deferred_to = excluded.deferred_to, deferred_by = excluded.deferred_by
 WHERE jobs.state = 'cancelled' AND jobs.attempts = 0 AND excluded.state = 'queued'
   AND jobs.cancel_reason IN
       ('schedule_paused', 'schedule_edited', 'schedule_suspended', 'schedule_removed', 'all_paused')
"""

# A calendar's decision defers an occurrence (at) or skips it (no at, or the next one is due by then). The order within
# a channel and a workspace is total, so each run gives the same instants. A schedule's jitter is constant: it comes
# from its UUID.
ENQUEUE = f"""
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, parked, error,
                  deferred_to, deferred_by)
WITH instants AS MATERIALIZED (
  SELECT value ->> 'due_at' AS due_at, value ->> 'start' AS start, value -> 'decisions' AS decisions
    FROM json_each(:instants)),
decided AS MATERIALIZED (
  SELECT i.due_at, c.key, c.value ->> 'at' AS at, c.value ->> 'reason' AS reason,
         c.value ->> 'replaced_by' AS replaced_by
    FROM instants i, json_each(i.decisions) c)
SELECT id, workspace_id, due_at,
       max(start, coalesce(at, 0)) + jitter
              + 1000 * (row_number() OVER (PARTITION BY due_at, workspace_id, channel ORDER BY rank, id) - 1)
              + (row_number() OVER (PARTITION BY due_at, workspace_id ORDER BY rank, id) - 1) / 4,
       coalesce(at, due_at) + grace_ms + jitter, CASE WHEN is_skipped THEN :skipped ELSE :state END, parked,
       CASE WHEN is_skipped THEN reason WHEN :state = 'missed' THEN :no_tick END,
       CASE WHEN NOT is_skipped THEN at END, CASE WHEN NOT is_skipped AND at IS NOT NULL THEN reason END
  FROM (SELECT s.id, s.workspace_id, i.due_at, i.start, v.channel, v.grace_ms, w.paused_at IS NOT NULL AS parked,
               {RANK} AS rank,
               {JITTER} AS jitter,
               c.at, c.reason,
               :state = 'queued' AND c.key IS NOT NULL
               AND (c.at IS NULL
                    OR (c.replaced_by IS NOT NULL
                        AND (v.until_at IS NULL OR v.until_at >= c.replaced_by))) AS is_skipped
          FROM schedules s
         CROSS JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
         CROSS JOIN workspaces w ON w.id = s.workspace_id
         CROSS JOIN instants i ON i.due_at > s.effective_at AND i.due_at >= coalesce(v.starts_at, i.due_at)
                              AND i.due_at <= coalesce(v.until_at, i.due_at)
          LEFT JOIN decided c ON c.due_at = i.due_at AND c.key = CASE WHEN :has_decisions THEN {CALENDAR} END
         WHERE {ACTIVE}
           AND {NOT_IN_A_SPAN}
           AND (:schedule_id IS NULL OR s.id = :schedule_id)
           AND (:misfire IS NULL OR (v.misfire = :misfire AND v.grace_ms = :grace_ms
                                     AND {CALENDAR} IN (SELECT value FROM json_each(:calendars)))))
 WHERE true
{ENQUEUE_AGAIN}
RETURNING schedule_id, state
"""

ENQUEUE_AHEAD = ENQUEUE.replace(ACTIVE, f"{IN_TIMED_PAUSE} AND s.state_until <= i.due_at")
CALENDARS_AHEAD = CALENDARS.replace(ACTIVE, IN_TIMED_PAUSE)


@dataclass(frozen=True, slots=True)
class EnqueuedJob:
    """Schedule and state of a job that was just written."""

    schedule_id: str
    state: JobState


@dataclass(slots=True)
class Counts:
    """Number of occurrences by the state they got, and the schedules they belong to.

    `others` counts schedules that are not in `schedules`, and `recurrences` are those of `schedules`.
    """

    enqueued: int = 0
    missed: int = 0
    skipped: int = 0
    others: int = 0
    schedules: set[str] = field(default_factory=set)
    recurrences: set[int] = field(default_factory=set)

    def add(self, jobs: Iterable[EnqueuedJob]) -> None:
        """Count jobs by state."""
        for job in jobs:
            self.schedules.add(job.schedule_id)
            match job.state:
                case JobState.QUEUED:
                    self.enqueued += 1
                case JobState.MISSED:
                    self.missed += 1
                case _:
                    self.skipped += 1

    def add_missed(self, spans: Iterable[NewSpan]) -> None:
        """Count the occurrences of spans."""
        for span in spans:
            self.schedules.add(span.schedule_id)
            self.missed += span.count


@dataclass(frozen=True, slots=True)
class Batch:
    """State that occurrences are enqueued in, and the schedules: all, one, or those with a misfire policy and grace.

    With a policy, only schedules with one of these calendars. `is_paused`: one schedule that is still in a timed pause,
    and only occurrences from its end on.
    """

    state: JobState = QUEUED
    schedule_id: str | None = None
    is_paused: bool = False
    misfire: MisfirePolicy | None = None
    grace_ms: int | None = None
    calendars: Sequence[str] = ()


def enqueue(
    db: Database, recurrence: StoredRecurrence, due: Sequence[int], now: int, batch: Batch, counts: Counts
) -> None:
    """Write the jobs of these occurrences that have none, and count them by state. Inside a transaction."""
    if not due:
        return
    counts.recurrences.add(recurrence.id)
    # No calendar changes a missed occurrence.
    calendars = (batch.calendars or list_calendars(db, recurrence.id, batch)) if batch.state is QUEUED else []
    starts = [(due_at, max(due_at, now)) for due_at in due]
    decisions = [decide_each(calendars, recurrence.rule, due_at, start) for due_at, start in starts]
    instants = [
        {"due_at": due_at, "start": start, "decisions": decided}
        for (due_at, start), decided in zip(starts, decisions, strict=True)
    ]
    bindings = {
        "recurrence_id": recurrence.id,
        "instants": json.dumps(instants, ensure_ascii=False),
        "has_decisions": any(decisions),
        "state": batch.state,
        "skipped": SKIPPED,
        "no_tick": NO_TICK,
        "enqueued_again": ENQUEUED_AGAIN,
        "schedule_id": batch.schedule_id,
        "misfire": batch.misfire.value if batch.misfire else None,
        "grace_ms": batch.grace_ms,
        "calendars": json.dumps(batch.calendars, ensure_ascii=False),
    }
    counts.add(db.all(EnqueuedJob, ENQUEUE_AHEAD if batch.is_paused else ENQUEUE, bindings))


def list_calendars(db: Database, recurrence_id: int, batch: Batch) -> list[str]:
    """Return the calendars of a recurrence's active schedules, or of one that is paused, each once."""
    if batch.is_paused:
        return db.texts(CALENDARS_AHEAD, {"recurrence_id": recurrence_id, "schedule_id": batch.schedule_id})
    return db.texts(CALENDARS, {"recurrence_id": recurrence_id})


def decide_each(calendars: Sequence[str], rule: Recurrence, due_at: int, now: int) -> Decisions:
    """Return the decision of each calendar that defers or skips the occurrence, in a form for JSON."""
    decisions = {calendar: decide(parse_calendar(calendar), rule, due_at, now) for calendar in calendars}
    return {
        calendar: {"reason": decision.reason, "at": decision.at, "replaced_by": decision.replaced_by}
        for calendar, decision in decisions.items()
        if decision
    }
