"""Put right what ticks and pools wrote while the clock was ahead.

Rule: an occurrence that is not due yet is neither missed nor finished. All instants after the last tick at a right time
(`since`) are computed anew from the rules: missed occurrences, and queued ones that no pool has tried, are taken back,
and `next_due_at` is the first occurrence after `since`. A job with an attempt, one that a person asked for or skipped,
and the record of the past before `since` stay. Safe to repeat. Instants are UTC milliseconds.
"""

from dataclasses import dataclass

from schedbot import times
from schedbot.model import Recurrence, ScheduleState
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.fanout import pause_all_end, timed_pauses
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import changes, missed_spans
from schedbot.store.history.changes import Change
from schedbot.store.schedules import pauses_of_all
from schedbot.store.schedules.recurrences import rule_columns, set_next_due

HOUR_MS = 3_600_000

FINISHED = f"""
SELECT s.id, max(s.effective_at, coalesce(v.starts_at, 0) - 1, :since) AS after, v.until_at, {rule_columns("rule")}
  FROM schedules s
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
 WHERE s.state = 'finished' AND (v.until_at IS NULL OR v.until_at > :since)
"""

ACTIVATE = "UPDATE schedules SET state = :active WHERE id = :id"

# The instant after which occurrences of a schedule are computed anew. While all are paused no tick does that.
CUT = """
(SELECT CASE WHEN s.state = 'active' AND NOT EXISTS (SELECT 1 FROM pauses_of_all WHERE ended_at IS NULL)
             THEN min(:now, max(:since, s.effective_at)) ELSE :now END
   FROM schedules s WHERE s.id = schedule_id)
"""

# A queued job stays if it is due soon and available then: a right tick or a change of a schedule makes such jobs too.
TAKE_BACK_JOBS = f"""
DELETE FROM jobs
 WHERE due_at > :since AND due_at > {CUT} AND kind = 'scheduled' AND attempts = 0
   AND (state = 'missed' OR (state = 'skipped' AND cancel_reason IS NULL)
        OR (state = 'queued' AND is_requested = 0
            AND (due_at > :soon
                 OR (available_at > :soon
                     AND EXISTS (SELECT 1 FROM schedules s WHERE s.id = schedule_id AND s.state = 'active')))))
"""

SPANS = f"""
SELECT m.id, m.schedule_id, m.first_due_at, {CUT} AS cut, {rule_columns("rule")}
  FROM missed_spans m JOIN recurrences r ON r.id = m.recurrence_id
 WHERE m.last_due_at > :since AND m.last_due_at > {CUT}
"""

DELETE_SPAN = "DELETE FROM missed_spans WHERE id = :id"

SHORTEN_SPAN = "UPDATE missed_spans SET last_due_at = :last_due_at, count = :count WHERE id = :id"

IN_USE = f"""
SELECT r.id, r.next_due_at, {rule_columns("rule")} FROM recurrences r
 WHERE EXISTS (SELECT 1 FROM schedules s WHERE s.recurrence_id = r.id AND s.state = 'active')
"""

# The next schedule that becomes active sets it.
CLEAR_UNUSED = """
UPDATE recurrences SET next_due_at = NULL
 WHERE next_due_at > :now
   AND NOT EXISTS (SELECT 1 FROM schedules s WHERE s.recurrence_id = recurrences.id AND s.state = 'active')
"""

LOOK_UP_NOW = "UPDATE jobs SET available_at = :now WHERE state = 'unknown' AND available_at > :now + :hour_ms"

ASK_FOR_ZONES_NOW = "UPDATE people SET ask_at = :now WHERE asked_at > :now"

DATE_OUTAGE_NOW = "UPDATE outage SET changed_at = :now WHERE changed_at > :now"


@dataclass(frozen=True, slots=True)
class FinishedSchedule:
    """A finished schedule that may have occurrences after `after`, up to `until_at`."""

    id: str
    after: int
    until_at: int | None
    rule: Recurrence


@dataclass(frozen=True, slots=True)
class SpanToShorten:
    """A missed span with occurrences after `cut`."""

    id: int
    schedule_id: str
    first_due_at: int
    cut: int
    rule: Recurrence


@dataclass(frozen=True, slots=True)
class RecurrenceInUse:
    """A recurrence of an active schedule, with its next occurrence on record."""

    id: int
    next_due_at: int | None
    rule: Recurrence


def correct(db: Database, since: int, now: int) -> None:
    """Compute anew all that is after `since`, the last tick at a right time. Inside a transaction."""
    instants = {"since": since, "now": now}
    timed_pauses.restore(db, now)
    pause_all_end.make_effective(db, now)  # what a person changed while the clock was ahead
    pause_all_end.settle(db, now)
    pauses_of_all.put_right(db, now)
    activate_finished(db, since)
    db.execute(TAKE_BACK_JOBS, {**instants, "soon": now + LOOK_AHEAD_MS})
    for span in db.all(SpanToShorten, SPANS, instants):
        shorten_span(db, span)
    db.execute(CLEAR_UNUSED, {"now": now})
    for recurrence in db.all(RecurrenceInUse, IN_USE):
        next_due_at = rules.next_after(recurrence.rule, since)
        if next_due_at is not None and (recurrence.next_due_at is None or next_due_at < recurrence.next_due_at):
            set_next_due(db, recurrence.id, next_due_at)
    db.execute(LOOK_UP_NOW, {"now": now, "hour_ms": HOUR_MS})
    db.execute(ASK_FOR_ZONES_NOW, {"now": now})
    db.execute(DATE_OUTAGE_NOW, {"now": now})


def record(db: Database, ahead_at: int, now: int) -> None:
    """Record that the clock was set back from `ahead_at`: earlier changes may be dated later. Inside a transaction."""
    change = Change(
        changed_at=now,
        actor="schedbot tick",
        command="tick",
        kind="installation",
        object_id="clock",
        name="clock",
        before={"clock": times.to_rfc3339(ahead_at), "clock_ms": ahead_at},
        after={"clock": times.to_rfc3339(now), "clock_ms": now},
    )
    changes.record(db, change)


def activate_finished(db: Database, since: int) -> None:
    """Make finished schedules active that have an occurrence left."""
    for schedule in db.all(FinishedSchedule, FINISHED, {"since": since}):
        due_at = rules.next_after(schedule.rule, schedule.after)
        if due_at is not None and (schedule.until_at is None or due_at <= schedule.until_at):
            db.execute(ACTIVATE, {"id": schedule.id, "active": ScheduleState.ACTIVE})


def shorten_span(db: Database, span: SpanToShorten) -> None:
    """Let the span end at its last occurrence up to `cut`; delete it if there is none."""
    with_job = frozenset(missed_spans.list_due_of_jobs(db, span.schedule_id, span.first_due_at, span.cut))
    remaining = [at for at in rules.between(span.rule, span.first_due_at - 1, span.cut) if at not in with_job]
    if remaining:
        db.execute(SHORTEN_SPAN, {"id": span.id, "last_due_at": remaining[-1], "count": len(remaining)})
    else:
        db.execute(DELETE_SPAN, {"id": span.id})
