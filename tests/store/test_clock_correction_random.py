"""Random schedules and wrong ticks: once the clock is right, the jobs are those of a run without the wrong ticks."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from tests.support.missed_occurrences import list_missed
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

pytestmark = pytest.mark.slow

BEGIN = ms("2026-10-20 00:00:30")
MINUTE, DAY = 60_000, 86_400_000
RULE = st.sampled_from(
    [
        {"cron": "*/17 * * * *"},
        {"cron": "13 * * * *"},
        {"cron": "0 9 * * *", "window": "10:00-18:00"},
        {"cron": "0,30 * * * *", "window": "08:00-12:00", "outside": "skip"},
        {"every": "2 days at 7:15"},
        {"cron": "*/20 * * * *", "jitter": "10m"},
    ]
)
MORE = st.sampled_from(
    [{}, {"count": "4"}, {"until": "2026-10-22 05:00"}, {"misfire": "all"}, {"misfire": "skip"}, {"grace": "20m"}]
)
ONCE = st.integers(5, 2_000).map(lambda minutes: {"at": times.to_rfc3339(BEGIN + minutes * MINUTE)})
SCHEDULE = st.one_of(st.tuples(RULE, MORE).map(lambda drawn: drawn[0] | drawn[1]), ONCE)
# Minutes until the next right tick, and how far ahead of it the wrong ticks before it are.
AHEAD = st.one_of(st.integers(3, 60), st.integers(60, 3_000), st.integers(10_000, 20_000))
STEP = st.tuples(st.one_of(st.just(1), st.integers(1, 200)), st.lists(AHEAD, max_size=2))


def tick(schedules: Schedules, at: int) -> None:
    schedules.tick(times.to_rfc3339(at)[:19])


def find_state(schedules: Schedules, name: str) -> tuple[object, ...]:
    """Return all that is on record of a schedule: jobs, missed occurrences, state and next occurrence."""
    jobs = read_rows(
        schedules.db,
        "SELECT due_at, j.state, deferred_to, available_at FROM jobs j JOIN schedules s ON s.id = j.schedule_id"
        " WHERE s.name = :name AND j.state <> 'missed' ORDER BY due_at",
        {"name": name},
    )
    missed = read_rows(
        schedules.db,
        "SELECT due_at FROM jobs j JOIN schedules s ON s.id = j.schedule_id"
        " WHERE s.name = :name AND j.state = 'missed'",
        {"name": name},
    )
    every_missed = {at for (at,) in missed} | set(list_missed(schedules.db, schedules.get(name).id))
    schedule = schedules.get(name)
    # A job that was enqueued just before its instant is available up to a look-ahead later.
    late = [at for _, job_state, _, at in jobs if job_state == "queued" and at > ms(schedules.utc) + LOOK_AHEAD_MS]
    shown = [(clock(due_at), job_state, deferred_to) for due_at, job_state, deferred_to, _ in jobs]
    return shown, late, sorted(every_missed), schedule.state, schedule.effective_at


def run(terms: list[dict[str, str]], steps: list[tuple[int, list[int]]], is_wrong: bool) -> list[tuple[object, ...]]:
    with TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
        schedules.utc = times.to_rfc3339(BEGIN)[:19]
        for number, fields in enumerate(terms):
            # The id decides the jitter of a schedule: it is not compared.
            fixed = {name: value for name, value in fields.items() if name != "jitter"}
            schedules.add(f"s{number}", tz="UTC", channel=f"C000000000{number}", **fixed)
        at = BEGIN
        tick(schedules, at)
        for minutes, wrong in steps:
            if is_wrong:
                for ahead in wrong:
                    tick(schedules, at + minutes * MINUTE + ahead * MINUTE)
            at += minutes * MINUTE
            tick(schedules, at)
        return [find_state(schedules, f"s{number}") for number in range(len(terms))]


@settings(max_examples=12, deadline=None)
@given(st.lists(SCHEDULE, min_size=1, max_size=4), st.lists(STEP, min_size=1, max_size=6))
def test_wrong_ticks_change_nothing(terms: list[dict[str, str]], steps: list[tuple[int, list[int]]]) -> None:
    assert run(terms, steps, is_wrong=True) == run(terms, steps, is_wrong=False)
