"""Occurrences become jobs: one INSERT ... SELECT for all schedules of a recurrence, the same for a tick and an add.

It takes as many instants as are to be enqueued alike: one at most ticks, more after a long time off. Of what was
missed then, many occurrences of a schedule become one row of another kind (`missed_spans`), in the same transaction.

A job waits in the table from up to LOOK_AHEAD_MS before it is due. The jobs of one instant are spaced one second
apart within a channel and interleaved between workspaces, so that a claim is one ordered read of an index.
UNIQUE (schedule_id, due_at) is what makes a second job impossible, whoever enqueues.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schedbot.model import JobState, Misfire
from schedbot.rules import late as late_rules
from schedbot.rules import misfire
from schedbot.rules import recurrence as rules
from schedbot.rules.late import Late
from schedbot.store.database import Database, Row
from schedbot.store.fanout.calendar_rulings import Calendar, calendars_of, read, rulings
from schedbot.store.history import missed_spans
from schedbot.store.history.missed_spans import Whose
from schedbot.store.schedules import recurrences
from schedbot.store.schedules.recurrences import StoredRecurrence
from schedbot.store.schedules.shared_calendars import CALENDAR

LOOK_AHEAD_MS = 90_000
Json = dict[str, Any]
ROWS_AT_ONCE = 5_000  # of one recurrence in one transaction: about half a second
# More missed occurrences than this, or than one transaction takes as rows, are put on record as spans.
MISSED_AS_ROWS = 100

# A calendar's ruling puts an occurrence off (at) or leaves it out (no at, or the next one is due by then).
# The first four columns of a window's order make it the same at every run. A jitter is steady for each schedule: it
# comes from its UUID. A cancelled job is taken up again where its occurrence is owed after all.
ENQUEUE = f"""
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, parked, error,
                  deferred_to, deferred_by)
WITH instants AS MATERIALIZED (
  SELECT value ->> 'due_at' AS due_at, value ->> 'start' AS start, value -> 'rulings' AS rulings
    FROM json_each(:instants)),
ruled AS MATERIALIZED (
  SELECT i.due_at, c.key, c.value ->> 'at' AS at, c.value ->> 'error' AS reason, c.value ->> 'following' AS following
    FROM instants i, json_each(i.rulings) c)
SELECT id, workspace_id, due_at,
       max(start, coalesce(at, 0)) + jitter
              + 1000 * (row_number() OVER (PARTITION BY due_at, workspace_id, channel ORDER BY rank, id) - 1)
              + (row_number() OVER (PARTITION BY due_at, workspace_id ORDER BY rank, id) - 1) / 4,
       coalesce(at, due_at) + grace_ms + jitter, CASE WHEN left_out THEN 'skipped' ELSE :state END, parked,
       CASE WHEN left_out THEN reason END,
       CASE WHEN NOT left_out THEN at END, CASE WHEN NOT left_out AND at IS NOT NULL THEN reason END
  FROM (SELECT s.id, s.workspace_id, i.due_at, i.start, v.channel, v.grace_ms, w.paused_at IS NOT NULL AS parked,
               CASE v.priority WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END AS rank,
               CASE WHEN v.jitter_ms = 0 THEN 0
                    ELSE (unicode(substr(s.id, -1, 1)) * 7919 + unicode(substr(s.id, -2, 1)) * 104729
                          + unicode(substr(s.id, -3, 1)) * 1299709 + unicode(substr(s.id, -4, 1)) * 15485863
                          + unicode(substr(s.id, -5, 1)) * 32452843) % v.jitter_ms END AS jitter,
               c.at, c.reason,
               :state = 'queued' AND c.key IS NOT NULL
               AND (c.at IS NULL
                    OR (c.following IS NOT NULL AND (v.until_at IS NULL OR v.until_at >= c.following))) AS left_out
          FROM schedules s
         CROSS JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
         CROSS JOIN workspaces w ON w.id = s.workspace_id
         CROSS JOIN instants i ON i.due_at > s.effective_at AND i.due_at >= coalesce(v.starts_at, i.due_at)
                              AND i.due_at <= coalesce(v.until_at, i.due_at)
          LEFT JOIN ruled c ON c.due_at = i.due_at AND c.key = CASE WHEN :is_ruled THEN {CALENDAR} END
         WHERE s.recurrence_id = :recurrence_id AND s.state = 'active'
           AND (:schedule_id IS NULL OR s.id = :schedule_id)
           AND (:misfire IS NULL OR (v.misfire = :misfire AND v.grace_ms = :grace_ms
                                     AND {CALENDAR} IN (SELECT value FROM json_each(:calendars)))))
 WHERE true
ON CONFLICT (schedule_id, due_at) DO UPDATE
   SET state = 'queued', workspace_id = excluded.workspace_id, available_at = excluded.available_at,
       deadline_at = excluded.deadline_at, parked = excluded.parked, error = NULL,
       deferred_to = excluded.deferred_to, deferred_by = excluded.deferred_by
 WHERE jobs.state = 'cancelled' AND jobs.attempts = 0 AND excluded.state = 'queued'
   AND jobs.error IN ('schedule_paused', 'schedule_edited', 'schedule_suspended')
RETURNING schedule_id, state
"""

POLICIES = f"""
SELECT v.misfire, v.grace_ms, {CALENDAR} AS calendar, count(*)
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :id AND s.state = 'active'
 GROUP BY v.misfire, v.grace_ms, calendar
"""

FINISH = """
UPDATE schedules SET state = 'finished', reason = NULL
 WHERE recurrence_id = :id AND state = 'active'
   AND (:next_due_at IS NULL
        OR EXISTS (SELECT 1 FROM schedule_versions v
                    WHERE v.schedule_id = schedules.id AND v.version = schedules.version
                      AND v.until_at < :next_due_at))
"""


@dataclass(slots=True)
class Counts:
    """How many occurrences went which way."""

    enqueued: int = 0
    missed: int = 0
    skipped: int = 0
    schedules: set[str] = field(default_factory=set)

    def add(self, written: Iterable[Row]) -> None:
        """Count rows of (schedule's id, state)."""
        for schedule_id, state in written:
            self.schedules.add(schedule_id)
            match state:
                case JobState.QUEUED:
                    self.enqueued += 1
                case JobState.MISSED:
                    self.missed += 1
                case _:
                    self.skipped += 1

    def add_missed(self, spans: Iterable[tuple[str, int]]) -> None:
        """Count spans of (schedule's id, how many occurrences)."""
        for schedule_id, count in spans:
            self.schedules.add(schedule_id)
            self.missed += count


@dataclass(frozen=True, slots=True)
class Batch:
    """As what an occurrence is enqueued, and for which schedules: all, one, or those of a misfire policy.

    Of a policy, those with one of these calendars.
    """

    state: JobState = JobState.QUEUED
    schedule_id: str | None = None
    misfire: Misfire | None = None
    grace_ms: int | None = None
    calendars: Sequence[str] = ()


ALL = Batch()


def advance(db: Database, found: StoredRecurrence, now: int, horizon: int, counts: Counts) -> bool:
    """Enqueue what `found` owes up to `horizon`, missed occurrences sorted by policy, and move it on.

    Inside a transaction; complete in itself. Schedules with nothing to come are marked finished. False: after a long
    time off this was only a part, the oldest, so that nobody waits for the whole.
    """
    wanting = recurrences.wanting(db, found.id) if found.next_due_at is not None else 0
    if found.next_due_at is None or not wanting:
        recurrences.move(db, found.id, None)
        return True
    due = [found.next_due_at, *rules.between(found.rule, found.next_due_at, horizon)]
    is_late = due[0] < now - misfire.ON_TIME_MS
    batches = late(db, found, due, now, counts) if is_late else [(ALL, due)]
    up_to = reach(due, [which for _, which in batches], max(1, ROWS_AT_ONCE // wanting))
    for batch, which in batches:
        enqueue(db, found, [due_at for due_at in which if due_at <= up_to], now, batch, counts)
    following = rules.next_after(found.rule, up_to)
    recurrences.move(db, found.id, following)
    db.execute(FINISH, {"id": found.id, "next_due_at": following})
    return up_to == due[-1]


def catch_up(db: Database, recurrence_id: int, now: int) -> None:
    """Put on record what was due up to now and no tick has seen yet, before a schedule of it is turned.

    Else it would be nowhere: what a schedule makes anew lies after the turn. Inside a transaction.
    """
    while (found := recurrences.by_id(db, recurrence_id)).next_due_at is not None and found.next_due_at <= now:
        advance(db, found, now, now, Counts())


def reach(due: list[int], rows: list[Sequence[int]], room: int) -> int:
    """Up to which instant this goes: as many as there is room for that become rows."""
    instants = rows[0] if len(rows) == 1 else sorted(set().union(*rows))
    return due[-1] if len(instants) <= room else instants[room - 1]


def are_many(missed: int, schedules: int) -> bool:
    """Is a row for each of these occurrences, of each schedule, more than they are worth?"""
    return missed > MISSED_AS_ROWS or (missed > 1 and missed * schedules > ROWS_AT_ONCE)


def late(
    db: Database, found: StoredRecurrence, due: list[int], now: int, counts: Counts
) -> list[tuple[Batch, Sequence[int]]]:
    """What is to be enqueued of all that is due: run or missed, as each schedule's policy says.

    What is on time or to come runs by every policy, so it is enqueued for all at once, and spaced among all. Many
    missed ones are put on record here, so that what is run late does not wait for a row of each.
    """
    on_time = bisect_left(due, now - misfire.ON_TIME_MS)
    alike: dict[tuple[Misfire, int, Late], list[tuple[str, int]]] = {}
    known: dict[tuple[str, int, Calendar], Late] = {}
    for policy, grace_ms, key, schedules in db.rows(POLICIES, {"id": found.id}):
        which = (policy, grace_ms, read(key).unnamed)
        if which not in known:
            known[which] = late_rules.sort_out(which[2], found.rule, (due, due[-1]), now, (Misfire(policy), grace_ms))
        alike.setdefault((Misfire(policy), grace_ms, known[which]), []).append((key, schedules))
    batches: list[tuple[Batch, Sequence[int]]] = []
    for (policy, grace_ms, (run, missed)), whose in alike.items():
        keys = [key for key, _ in whose]
        if are_many(len(missed), sum(schedules for _, schedules in whose)):
            counts.add_missed(missed_spans.record(db, Whose(found.id, policy, grace_ms, keys), missed))
        else:
            batches.append((Batch(JobState.MISSED, misfire=policy, grace_ms=grace_ms, calendars=keys), missed))
        batches.append((Batch(misfire=policy, grace_ms=grace_ms, calendars=keys), run))
    return [*batches, (ALL, due[on_time:])]


def enqueue(db: Database, found: StoredRecurrence, due: Sequence[int], now: int, batch: Batch, counts: Counts) -> None:
    """Write the jobs of these occurrences, where they are not there yet, and count them by the state they got."""
    if not due:
        return
    told = instants(db, found, due, now, batch)
    bindings: Mapping[str, object] = {
        "recurrence_id": found.id,
        "instants": json.dumps(told, ensure_ascii=False),
        "is_ruled": any(one["rulings"] for one in told),
        "state": batch.state.value,
        "schedule_id": batch.schedule_id,
        "misfire": batch.misfire.value if batch.misfire else None,
        "grace_ms": batch.grace_ms,
        "calendars": json.dumps(batch.calendars, ensure_ascii=False),
    }
    counts.add(db.rows(ENQUEUE, bindings))


def instants(db: Database, found: StoredRecurrence, due: Sequence[int], now: int, batch: Batch) -> list[Json]:
    """Each instant, from when on it is to be posted, and what calendars make of it; fit for JSON."""
    # No calendar changes what is missed.
    keys = (batch.calendars or calendars_of(db, found.id)) if batch.state is JobState.QUEUED else []
    told = [(due_at, max(due_at, now)) for due_at in due]
    return [
        {"due_at": due_at, "start": start, "rulings": rulings(keys, found.rule, due_at, start)}
        for due_at, start in told
    ]


def enqueue_own(db: Database, schedule_id: str | None, recurrence_id: int, now: int) -> Counts:
    """What a schedule that was just added, changed or resumed owes within the look-ahead.

    Its recurrence may be enqueued up to an instant that is still to come: these occurrences are its own to make up.
    Nothing at or before `now` is made. None stands for all schedules of the recurrence: what is there already stays,
    so an import does it once for each recurrence. Inside a transaction.
    """
    counts = Counts()
    found = recurrences.wake(db, recurrence_id, now)
    horizon = now + LOOK_AHEAD_MS
    if found.next_due_at is not None and now < found.next_due_at <= horizon:
        advance(db, found, now, horizon, counts)
        found = recurrences.by_id(db, recurrence_id)
    enqueued_up_to = horizon if found.next_due_at is None else min(horizon, found.next_due_at - 1)
    due = list(rules.between(found.rule, now, enqueued_up_to))
    enqueue(db, found, due, now, Batch(schedule_id=schedule_id), counts)
    return counts
