"""Many missed occurrences of a schedule in one row: exactly their instants, whatever its rule or zone say later.

Rule: an occurrence stands in a span or in `jobs`, never in both. What has a job is left out of a span, a trigger keeps
what is in a span from getting a job, and `unfold` takes it out before it writes one. Instants are UTC milliseconds.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schedbot.model import MisfirePolicy
from schedbot.rules import instant_runs
from schedbot.rules.instant_runs import Run
from schedbot.rules.lifecycle import NEW, Event
from schedbot.store.database import Database
from schedbot.store.schedules.shared_calendars import CALENDAR

# A missed occurrence that has no job yet: its schedule's id, and when it was due.
Unnumbered = tuple[str, int]

# Beside each schedule's bounds, what is on record of it there already; mostly nothing.
SCHEDULES = f"""
SELECT s.id, s.workspace_id, max(s.effective_at + 1, coalesce(v.starts_at, 0)), v.until_at,
       (SELECT json_group_array(j.due_at) FROM jobs j
         WHERE j.schedule_id = s.id AND j.due_at BETWEEN :first_due_at AND :last_due_at),
       (SELECT json_group_array(json(m.instants)) FROM missed_spans m
         WHERE m.schedule_id = s.id AND m.last_due_at >= :first_due_at AND m.first_due_at <= :last_due_at)
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :recurrence_id AND s.state = 'active' AND v.misfire = :misfire AND v.grace_ms = :grace_ms
   AND {CALENDAR} IN (SELECT value FROM json_each(:calendars))
"""

RECORD = """
INSERT INTO missed_spans (schedule_id, workspace_id, first_due_at, last_due_at, count, instants, grace_ms)
VALUES (:schedule_id, :workspace_id, :first_due_at, :last_due_at, :count, :instants, :grace_ms)
"""

OF_SCHEDULE = """
SELECT id, workspace_id, grace_ms, instants FROM missed_spans
 WHERE schedule_id = :schedule_id AND last_due_at >= :since AND first_due_at <= :until
 ORDER BY last_due_at
"""

SHRINK = """
UPDATE missed_spans
   SET first_due_at = :first_due_at, last_due_at = :last_due_at, count = :count, instants = :instants
 WHERE id = :id
"""

# As a tick would have written it.
JOBS = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)
SELECT :schedule_id, :workspace_id, d.value, d.value, d.value + :grace_ms, :missed
  FROM json_each(:due) d
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Whose:
    """The active schedules of a recurrence that have one misfire policy and grace, and one of these calendars."""

    recurrence_id: int
    misfire: MisfirePolicy
    grace_ms: int
    calendars: Sequence[str]


@dataclass(frozen=True, slots=True)
class Span:
    """One row, read for its schedule."""

    id: int
    workspace_id: str
    grace_ms: int
    runs: list[Run]


def record(db: Database, whose: Whose, missed: Sequence[int]) -> list[tuple[str, int]]:
    """Put these occurrences on record as missed, for each schedule what is its own and not on record yet.

    Returns (schedule's id, how many). What the schedules share is worked out once. Inside a transaction.
    """
    shared = instant_runs.packed(missed)
    whole = {**extent(shared), "grace_ms": whose.grace_ms}
    found = db.rows(
        SCHEDULES,
        {
            "first_due_at": missed[0],
            "last_due_at": missed[-1],
            "recurrence_id": whose.recurrence_id,
            "misfire": whose.misfire.value,
            "grace_ms": whose.grace_ms,
            "calendars": json.dumps(whose.calendars, ensure_ascii=False),
        },
    )
    rows = []
    for schedule_id, workspace_id, since, until, jobs, spans in found:
        own = {**whole, "schedule_id": schedule_id, "workspace_id": workspace_id}
        if since > missed[0] or (until is not None and until < missed[-1]) or jobs != "[]" or spans != "[]":
            left = instant_runs.without(instant_runs.within(shared, since, until), on_record(jobs, spans))
            if not left:
                continue
            own |= extent(left)
        rows.append(own)
    db.execute_many(RECORD, rows)
    return [(str(row["schedule_id"]), int(row["count"])) for row in rows]


def on_record(jobs: str, spans: str) -> Iterator[int]:
    """The instants of these rows of `jobs` and of these spans, as JSON has them."""
    yield from json.loads(jobs)
    for span in json.loads(spans):
        yield from instant_runs.unpacked([Run(*one) for one in span])


def extent(held: Sequence[Run]) -> dict[str, int | str]:
    """The columns of a span that holds these."""
    return {
        "first_due_at": held[0].first,
        "last_due_at": held[-1].last,
        "count": instant_runs.total(held),
        "instants": instant_runs.written(held),
    }


def of_schedule(db: Database, schedule_id: str, since: int, until: int) -> list[Span]:
    """Its spans that reach into the time from `since` to `until`, both included."""
    rows = db.rows(OF_SCHEDULE, {"schedule_id": schedule_id, "since": since, "until": until})
    return [
        Span(number, workspace_id, grace_ms, instant_runs.read(told)) for number, workspace_id, grace_ms, told in rows
    ]


def due_within(db: Database, schedule_id: str, since: int, until: int) -> list[int]:
    """The occurrences of its spans from `since` to `until`, both included."""
    spans = of_schedule(db, schedule_id, since, until)
    return [due_at for span in spans for due_at in instant_runs.unpacked(instant_runs.within(span.runs, since, until))]


def count_up_to(db: Database, schedule_id: str, until: int) -> int:
    """How many occurrences its spans hold up to an instant."""
    return sum(
        instant_runs.total(instant_runs.within(span.runs, None, until))
        for span in of_schedule(db, schedule_id, 0, until)
    )


def unfold(db: Database, occurrences: Iterable[Unnumbered]) -> list[int]:
    """Give those that stand in spans a job each, in the state `missed`. Returns the jobs' numbers.

    What stands in no span (any more) is passed over. Inside a transaction.
    """
    by_schedule: defaultdict[str, list[int]] = defaultdict(list)
    for schedule_id, due_at in occurrences:
        by_schedule[schedule_id].append(due_at)
    numbers = []
    for schedule_id, due in by_schedule.items():
        for span in of_schedule(db, schedule_id, min(due), max(due)):
            if taken := instant_runs.common(span.runs, due):
                take_out(db, span, taken)
                told: dict[str, object] = {
                    "schedule_id": schedule_id,
                    "workspace_id": span.workspace_id,
                    "due": json.dumps(taken),
                }
                numbers += [
                    row[0] for row in db.rows(JOBS, {**told, "grace_ms": span.grace_ms, "missed": NEW[Event.MISSED]})
                ]
    return numbers


def take_out(db: Database, span: Span, taken: Sequence[int]) -> None:
    left = instant_runs.without(span.runs, taken)
    if left:
        db.execute(SHRINK, {**extent(left), "id": span.id})
    else:
        db.execute("DELETE FROM missed_spans WHERE id = :id", {"id": span.id})
