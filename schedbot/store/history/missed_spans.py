"""Many missed occurrences of a schedule in one row: first and last due_at, count and reason.

Rule: a span holds each occurrence of its recurrence from first to last that has no job. A tick makes no job inside a
span. A backfill does, and takes the occurrence out: the count goes down by one, so jobs and spans together count each
occurrence once. Instants are UTC milliseconds.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.model import NO_TICK, MisfirePolicy, Recurrence
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.schedules.job_days import on_days
from schedbot.store.schedules.recurrences import rule_columns
from schedbot.store.schedules.shared_calendars import CALENDAR

# Each schedule with its bounds, and its jobs and spans in that time, which are mostly none.
SCHEDULES = f"""
SELECT s.id, s.workspace_id, max(s.effective_at + 1, coalesce(v.starts_at, 0)) AS since, v.until_at AS until,
       (SELECT json_group_array(j.due_at) FROM jobs j
         WHERE j.{on_days(":first_due_at", ":last_due_at")} AND j.schedule_id = s.id
           AND j.due_at BETWEEN :first_due_at AND :last_due_at) AS jobs,
       (SELECT json_group_array(json_array(m.first_due_at, m.last_due_at)) FROM missed_spans m
         WHERE m.schedule_id = s.id AND m.recurrence_id = s.recurrence_id
           AND m.last_due_at >= :first_due_at AND m.first_due_at <= :last_due_at) AS spans
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :recurrence_id AND s.state = 'active' AND v.misfire = :misfire AND v.grace_ms = :grace_ms
   AND {CALENDAR} IN (SELECT value FROM json_each(:calendars))
"""

RECORD = """
INSERT INTO missed_spans (schedule_id, workspace_id, recurrence_id, first_due_at, last_due_at, count, reason)
VALUES (:schedule_id, :workspace_id, :recurrence_id, :first_due_at, :last_due_at, :count, :reason)
"""

COUNT = "SELECT coalesce(sum(count), 0) FROM missed_spans WHERE schedule_id = :schedule_id AND first_due_at <= :until"

OF_SCHEDULE = f"""
SELECT m.id, m.first_due_at, m.last_due_at, m.count, {rule_columns("rule")}
  FROM missed_spans m JOIN recurrences r ON r.id = m.recurrence_id
 WHERE m.schedule_id = :schedule_id AND m.last_due_at >= :since AND m.first_due_at <= :until
 ORDER BY m.first_due_at
"""

# Each occurrence in a span's time that has a job is not in the span.
DUE_OF_JOBS = f"""
SELECT due_at FROM jobs
 WHERE {on_days(":since", ":until")} AND schedule_id = :schedule_id AND due_at BETWEEN :since AND :until
"""

REMOVE = "DELETE FROM missed_spans WHERE id = :id"
SHRINK = "UPDATE missed_spans SET count = count - :taken WHERE id = :id"


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """The active schedules of a recurrence with the same misfire policy and grace, and with one of these calendars."""

    recurrence_id: int
    misfire: MisfirePolicy
    grace_ms: int
    calendars: Sequence[str]


@dataclass(frozen=True, slots=True)
class ScheduleBounds:
    """A schedule's own time, and due_at of its jobs and (first, last) of its spans, as JSON."""

    id: str
    workspace_id: str
    since: int
    until: int | None
    jobs: str
    spans: str


@dataclass(frozen=True, slots=True)
class NewSpan:
    """A span to record."""

    schedule_id: str
    workspace_id: str
    first_due_at: int
    last_due_at: int
    count: int


@dataclass(frozen=True, slots=True)
class MissedSpan:
    """A span on record, with the rule of its occurrences."""

    id: int
    first_due_at: int
    last_due_at: int
    count: int
    rule: Recurrence

    def has(self, due_at: int) -> bool:
        """Is the instant an occurrence of the span's rule, between first and last?"""
        in_time = self.first_due_at <= due_at <= self.last_due_at
        return in_time and rules.next_after(self.rule, due_at - 1) == due_at


def record(db: Database, group: PolicyGroup, missed: Sequence[int]) -> list[NewSpan]:
    """Record these occurrences as missed, for each schedule those of its own time that are not on record yet.

    Inside a transaction, after the jobs of the same time.
    """
    bindings = {
        "first_due_at": missed[0],
        "last_due_at": missed[-1],
        "recurrence_id": group.recurrence_id,
        "misfire": group.misfire.value,
        "grace_ms": group.grace_ms,
        "calendars": json.dumps(group.calendars, ensure_ascii=False),
    }
    spans = []
    for schedule in db.all(ScheduleBounds, SCHEDULES, bindings):
        if own := not_on_record(schedule, missed):
            spans.append(NewSpan(schedule.id, schedule.workspace_id, own[0], own[-1], len(own)))
    db.execute_many(
        RECORD,
        [
            {
                "schedule_id": span.schedule_id,
                "workspace_id": span.workspace_id,
                "recurrence_id": group.recurrence_id,
                "first_due_at": span.first_due_at,
                "last_due_at": span.last_due_at,
                "count": span.count,
                "reason": NO_TICK,
            }
            for span in spans
        ],
    )
    return spans


def not_on_record(schedule: ScheduleBounds, missed: Sequence[int]) -> Sequence[int]:
    """Return the instants within the schedule's own time that have no job and are in no span."""
    own = missed
    if schedule.since > missed[0] or (schedule.until is not None and schedule.until < missed[-1]):
        end = len(missed) if schedule.until is None else bisect_right(missed, schedule.until)
        own = missed[bisect_left(missed, schedule.since) : end]
    if schedule.jobs == "[]" and schedule.spans == "[]":
        return own
    jobs, spans = frozenset(json.loads(schedule.jobs)), json.loads(schedule.spans)
    return [at for at in own if at not in jobs and not any(first <= at <= last for first, last in spans)]


def within(db: Database, schedule_id: str, since: int, until: int) -> list[MissedSpan]:
    """Return the schedule's spans that overlap the time from `since` to `until`, both included."""
    return db.all(MissedSpan, OF_SCHEDULE, {"schedule_id": schedule_id, "since": since, "until": until})


def list_due_of_jobs(db: Database, schedule_id: str, since: int, until: int) -> list[int]:
    """Return due_at of the schedule's jobs from `since` to `until`, both included."""
    return db.integers(DUE_OF_JOBS, {"schedule_id": schedule_id, "since": since, "until": until})


def count_up_to(db: Database, schedule_id: str, until: int) -> int:
    """Return the number of occurrences in the schedule's spans that began up to an instant."""
    return db.integer(COUNT, {"schedule_id": schedule_id, "until": until})


def take_out(db: Database, schedule_id: str, due: Sequence[int]) -> None:
    """Take occurrences that were given a job out of the schedule's spans, also of an earlier rule. In a transaction."""
    if not due:
        return
    for span in within(db, schedule_id, min(due), max(due)):
        taken = sum(map(span.has, due))
        if taken >= span.count:
            db.execute(REMOVE, {"id": span.id})
        elif taken:
            db.execute(SHRINK, {"id": span.id, "taken": taken})
