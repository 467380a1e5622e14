"""Recurrences that are enqueued together get the same jobs as each by itself."""

import random

from schedbot.store.fanout import enqueue_due, enqueue_together
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS, Counts
from schedbot.store.schedules import recurrences
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_rows

JOBS = "SELECT schedule_id, due_at, available_at, deadline_at, state, parked FROM jobs ORDER BY schedule_id, due_at"
STATES = "SELECT id, state FROM schedules ORDER BY id"
NEXT = "SELECT id, next_due_at FROM recurrences ORDER BY id"
NOW = ms("2026-12-01 08:59:30")


def enqueue(schedules: Schedules, is_together: bool) -> tuple[int, object]:
    """Enqueue what is due, in a transaction that is rolled back. Returns the rows and the counts."""
    db, counts, horizon = schedules.db, Counts(), NOW + LOOK_AHEAD_MS
    with db.writing():
        db.execute("SAVEPOINT before")
        due = recurrences.list_due(db, horizon, 1_000)
        if is_together:
            due = enqueue_together.enqueue_simple(db, due, NOW, horizon, counts)
        others = len(due)
        for recurrence in due:
            enqueue_due.move_on(db, recurrence, NOW, horizon, counts)
        rows = [read_rows(db, sql) for sql in (JOBS, STATES, NEXT)]
        db.execute("ROLLBACK TO before")
    return others, (rows, counts.enqueued, counts.skipped, counts.others + len(counts.schedules))


def test_together_and_alone_make_the_same_jobs(schedules: Schedules) -> None:
    draw = random.Random(7)
    schedules.utc = "2026-11-30 12:00:00"
    for number in range(40):
        day = draw.choice(("*", "tue", "mon,tue", "1"))
        options = draw.choice(({}, {"jitter": "5m"}, {"until": "2026-12-01 09:00"}, {"priority": "high"}))
        options |= draw.choice(({}, {}, {"starts": "2026-12-02 00:00"}, {"skip_holidays": "DE"}))
        cron = f"0 9 {day} * *" if day == "1" else f"0 9 * * {day}"
        schedules.add(f"s{number}", cron=cron, tz="UTC", channel=f"C{number % 5:010d}", **options)
    schedules.add("often", cron="* * * * *", tz="UTC", channel="C0000000009")
    schedules.add("once", at="2026-12-01 09:00", tz="UTC", channel="C0000000009")
    alone, jobs = enqueue(schedules, is_together=False)
    rest, jobs_together = enqueue(schedules, is_together=True)
    assert jobs_together == jobs
    assert 0 < rest < alone
