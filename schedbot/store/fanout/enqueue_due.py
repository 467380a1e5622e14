"""Turn the due occurrences of a recurrence into jobs and move the recurrence on: at a tick, an add and an edit.

One call takes all instants that are enqueued alike: at most ticks one, more after a long downtime. If a schedule missed
many occurrences then, they become one row of `missed_spans` in the same transaction. Instants are UTC milliseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from schedbot.model import MisfirePolicy, ScheduleState
from schedbot.rules import misfire
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import Calendar
from schedbot.rules.lifecycle import NEW, Event
from schedbot.rules.overdue_occurrences import Overdue, split_overdue
from schedbot.store.database import Database
from schedbot.store.fanout import pause_all_end
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS, Batch, Counts, enqueue
from schedbot.store.history import missed_spans
from schedbot.store.history.missed_spans import PolicyGroup
from schedbot.store.schedules import pauses_of_all, recurrences
from schedbot.store.schedules.recurrences import StoredRecurrence
from schedbot.store.schedules.shared_calendars import CALENDAR, parse_calendar

MAX_ROWS = 5_000  # of one recurrence in one transaction: about half a second
# More missed occurrences of a schedule than this, or than fit into one transaction, are recorded as spans.
MAX_MISSED_ROWS = 100

POLICIES = f"""
SELECT v.misfire, v.grace_ms, {CALENDAR} AS calendar, count(*) AS schedules
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :id AND s.state = 'active'
 GROUP BY v.misfire, v.grace_ms, calendar
"""

FINISH = """
UPDATE schedules SET state = :finished, reason = NULL
 WHERE recurrence_id = :id AND state = 'active'
   AND (:next_due_at IS NULL
        OR EXISTS (SELECT 1 FROM schedule_versions v
                    WHERE v.schedule_id = schedules.id AND v.version = schedules.version
                      AND v.until_at < :next_due_at))
"""

ALL_SCHEDULES = Batch()


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """Misfire policy, grace and calendar, with the number of the recurrence's active schedules that have them."""

    misfire: MisfirePolicy
    grace_ms: int
    calendar: str
    schedules: int


@dataclass(frozen=True, slots=True)
class OverdueGroup:
    """Schedules with too many missed occurrences for a job each: due_at of those that run late, and of the missed."""

    group: PolicyGroup
    run: Sequence[int]
    missed: Sequence[int]

    def recordable(self, up_to: int) -> Sequence[int]:
        """Return the missed occurrences to record in a transaction that enqueues up to an instant.

        They are all of them, so that one downtime is one span, or those before the next occurrence that runs later:
        no job is made inside a span.
        """
        next_run = bisect_right(self.run, up_to)
        return self.missed if next_run == len(self.run) else self.missed[: bisect_left(self.missed, self.run[next_run])]


def advance(db: Database, recurrence: StoredRecurrence, now: int, horizon: int, counts: Counts) -> bool:
    """Enqueue the recurrence's occurrences up to `horizon`, by misfire policy, and move it on. Inside a transaction.

    Schedules without a next occurrence become `finished`. Returns False if this was only the oldest part: after a long
    downtime a transaction takes so many rows that no other writer waits for the whole.
    """
    if pauses_of_all.get_open(db):
        return pass_by(db, recurrence, now)
    return move_on(db, recurrence, now, horizon, counts)


def move_on(db: Database, recurrence: StoredRecurrence, now: int, horizon: int, counts: Counts) -> bool:
    """Do as `advance`, whether or not all schedules are paused."""
    active = recurrences.count_schedules(db, recurrence.id) if recurrence.next_due_at is not None else 0
    if recurrence.next_due_at is None or not active:
        recurrences.set_next_due(db, recurrence.id, None)
        return True
    due = [recurrence.next_due_at, *rules.between(recurrence.rule, recurrence.next_due_at, horizon)]
    is_late = due[0] < now - misfire.ON_TIME_MS
    batches, spans = split_late(db, recurrence, due, now) if is_late else ([(ALL_SCHEDULES, due)], [])
    up_to = last_instant(due, [instants for _, instants in batches], max(1, MAX_ROWS // active))
    for batch, instants in batches:
        enqueue(db, recurrence, [due_at for due_at in instants if due_at <= up_to], now, batch, counts)
    for overdue in spans:
        if missed := overdue.recordable(up_to):
            counts.add_missed(missed_spans.record(db, overdue.group, missed))
    next_due_at = rules.next_after(recurrence.rule, up_to)
    recurrences.move_on(db, recurrence.id, up_to, next_due_at)
    db.execute(FINISH, {"id": recurrence.id, "next_due_at": next_due_at, "finished": ScheduleState.FINISHED})
    return up_to == due[-1]


def pass_by(db: Database, recurrence: StoredRecurrence, now: int) -> bool:
    """Move the recurrence on past the occurrences up to now, without jobs: all schedules are paused. Returns True."""
    if recurrence.next_due_at is not None and recurrence.next_due_at <= now:
        next_due_at = rules.next_after(recurrence.rule, now)
        recurrences.set_next_due(db, recurrence.id, next_due_at)
        db.execute(FINISH, {"id": recurrence.id, "next_due_at": next_due_at, "finished": ScheduleState.FINISHED})
    return True


def catch_up(db: Database, recurrence_id: int, now: int) -> None:
    """Record the occurrences due up to now that no tick has enqueued, before a schedule of the recurrence changes.

    After the change only later occurrences are enqueued, so these would be lost. Inside a transaction.
    """
    pause_all_end.settle(db, now)
    while True:
        recurrence = recurrences.by_id(db, recurrence_id)
        if recurrence.next_due_at is None or recurrence.next_due_at > now:
            return
        advance(db, recurrence, now, now, Counts())


def enqueue_upcoming(db: Database, schedule_id: str | None, recurrence_id: int, now: int) -> Counts:
    """Enqueue the occurrences within the look-ahead of a schedule that was just added, changed or resumed.

    Its recurrence may be enqueued beyond now already, without this schedule. Nothing at or before `now` is enqueued.
    None: all schedules of the recurrence, for an import; jobs that exist are kept. Inside a transaction.
    """
    counts = Counts()
    pause_all_end.settle(db, now)
    recurrence = recurrences.wake(db, recurrence_id, now)
    horizon = now + LOOK_AHEAD_MS
    pause = pauses_of_all.get_open(db)
    if pause and pause.paused_until is not None:
        due = list(rules.between(recurrence.rule, pause.paused_until - 1, horizon))
        enqueue(db, recurrence, due, now, Batch(schedule_id=schedule_id), counts)
    if pause:
        return counts
    if recurrence.next_due_at is not None and now < recurrence.next_due_at <= horizon:
        advance(db, recurrence, now, horizon, counts)
        recurrence = recurrences.by_id(db, recurrence_id)
    enqueued_up_to = horizon if recurrence.next_due_at is None else min(horizon, recurrence.next_due_at - 1)
    due = list(rules.between(recurrence.rule, now, enqueued_up_to))
    enqueue(db, recurrence, due, now, Batch(schedule_id=schedule_id), counts)
    return counts


def last_instant(due: list[int], rows: list[Sequence[int]], limit: int) -> int:
    """Return the last instant of this transaction, which writes rows for at most `limit` instants."""
    instants = rows[0] if len(rows) == 1 else sorted(set().union(*rows))
    return due[-1] if len(instants) <= limit else instants[limit - 1]


def needs_span(missed: int, schedules: int) -> bool:
    """Are these missed occurrences of so many schedules too many for a row each?"""
    return missed > MAX_MISSED_ROWS or (missed > 1 and missed * schedules > MAX_ROWS)


def split_late(
    db: Database, recurrence: StoredRecurrence, due: list[int], now: int
) -> tuple[list[tuple[Batch, Sequence[int]]], list[OverdueGroup]]:
    """Split overdue occurrences into those to run late and those to record as missed, by each schedule's policy.

    Returns the batches to enqueue, and the groups of schedules that get missed spans. Occurrences that are on time or
    still to come run under every policy, so they form one batch for all schedules.
    """
    on_time = bisect_left(due, now - misfire.ON_TIME_MS)
    groups: dict[tuple[MisfirePolicy, int, Overdue], list[LatePolicy]] = {}
    split: dict[tuple[MisfirePolicy, int, Calendar], Overdue] = {}
    for policy in db.all(LatePolicy, POLICIES, {"id": recurrence.id}):
        calendar = parse_calendar(policy.calendar).without_owners()
        terms = (policy.misfire, policy.grace_ms, calendar)
        if terms not in split:
            split[terms] = split_overdue(calendar, recurrence.rule, due, now, policy.misfire, policy.grace_ms)
        groups.setdefault((policy.misfire, policy.grace_ms, split[terms]), []).append(policy)
    batches: list[tuple[Batch, Sequence[int]]] = []
    spans: list[OverdueGroup] = []
    for (misfire_policy, grace_ms, (run, missed)), policies in groups.items():
        calendars = [policy.calendar for policy in policies]
        batch = Batch(misfire=misfire_policy, grace_ms=grace_ms, calendars=calendars)
        if needs_span(len(missed), sum(policy.schedules for policy in policies)):
            spans.append(OverdueGroup(PolicyGroup(recurrence.id, misfire_policy, grace_ms, calendars), run, missed))
        else:
            batches.append((replace(batch, state=NEW[Event.MISSED]), missed))
        batches.append((batch, run))
    return [*batches, (ALL_SCHEDULES, due[on_time:])], spans
