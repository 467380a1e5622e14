"""`simulate` runs the real tick over a span of time, in a copy of the database that is deleted afterwards."""

import tempfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.downtimes import Downtime, SimulationSpan, next_uptime, parse_downtimes
from schedbot.admin.simulation.simulate import SimulatedOccurrence
from schedbot.commands.schedules.simulate import run_tick
from schedbot.errors import BadInput
from schedbot.store.fanout import simulation_copy
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

EVERYTHING = (
    "SELECT * FROM jobs",
    "SELECT * FROM schedules",
    "SELECT * FROM recurrences",
    "SELECT * FROM heartbeats",
)
TUESDAY, A_WEEK_LATER = "2026-12-01 00:00", "2026-12-08 00:00"


def simulate_span(schedules: Schedules, start: str, end: str, *downtimes: str) -> list[SimulatedOccurrence]:
    off = parse_downtimes(downtimes, schedules.session.local_zone, 0)
    return list(
        simulate.simulate(schedules.session, SimulationSpan(ms(start), ms(end), off), run_tick, lambda at: None)
    )


def lines(simulated: list[SimulatedOccurrence]) -> list[str]:
    return [
        f"{clock(entry.due_at)} {entry.state.value}{f' {entry.error}' if entry.error else ''}" for entry in simulated
    ]


def test_span_includes_its_start_and_excludes_its_end(schedules: Schedules) -> None:
    schedules.add(cron="0 0 * * mon,tue")
    assert lines(simulate_span(schedules, TUESDAY, A_WEEK_LATER)) == [
        "2026-12-01 00:00 queued",
        "2026-12-07 00:00 queued",
    ]


def test_span_in_the_past_is_simulated(schedules: Schedules) -> None:
    schedules.add(cron="30 1 * * *", tz="America/New_York")
    simulated = simulate_span(schedules, "2025-11-01 12:00", "2025-11-03 12:00")
    assert lines(simulated) == ["2025-11-02 05:30 queued", "2025-11-03 06:30 queued"]


def test_downtime_is_followed_by_the_misfire_policy(schedules: Schedules) -> None:
    schedules.add(cron="*/10 9 * * *")
    simulated = simulate_span(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:50:00Z/30m")
    assert lines(simulated)[:3] == [
        "2026-12-01 09:00 missed no_tick",
        "2026-12-01 09:10 missed no_tick",
        "2026-12-01 09:20 queued",
    ]
    assert lines(simulated)[3:] == [f"2026-12-01 09:{minute} queued" for minute in (30, 40, 50)]


def test_occurrence_in_a_downtime_is_late(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *")
    simulated = simulate_span(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:50:00Z/30m")
    assert [(clock(entry.due_at), entry.state, entry.late_ms) for entry in simulated] == [
        ("2026-12-01 09:00", "queued", 1_200_000)
    ]


def test_a_long_downtime_is_one_missed_line_per_schedule(schedules: Schedules) -> None:
    schedules.add("often", cron="*/5 * * * *"), schedules.add("each", cron="*/10 * * * *", misfire="skip")
    simulated = simulate_span(schedules, "2026-12-01 00:00", "2026-12-08 00:00", "2026-12-02T00:02:00Z/3d")
    assert [(entry.due_at, entry.schedule) for entry in simulated] == sorted(
        {(entry.due_at, entry.schedule) for entry in simulated}
    )
    counted: Counter[tuple[str, str]] = Counter()
    for entry in simulated:
        counted[entry.schedule, entry.state] += entry.occurrences
    assert counted == {
        ("often", "missed"): 3 * 288 - 1, ("often", "queued"): 4 * 288 + 1,
        ("each", "missed"): 3 * 144, ("each", "queued"): 4 * 144,
    }  # fmt: skip
    assert sorted(entry.schedule for entry in simulated if entry.state == "missed") == [
        "each",
        "often",
    ]  # a line for all of each


def test_jobs_after_a_downtime_are_spaced_among_all_policies(schedules: Schedules) -> None:
    (
        schedules.add("newest", cron="*/5 9 * * *", misfire="latest"),
        schedules.add("each", cron="*/5 9 * * *", misfire="all"),
    )
    simulated = simulate_span(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:50:00Z/15m")
    assert {entry.late_ms for entry in simulated if clock(entry.due_at) == "2026-12-01 09:05"} == {
        0,
        1_000,
    }


def test_downtime_longer_than_grace_makes_a_job_missed(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", grace="1h")
    simulated = simulate_span(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:59:30Z/2h")
    assert lines(simulated) == ["2026-12-01 09:00 missed deadline"]


def test_skipped_occurrences_have_their_reason(schedules: Schedules) -> None:
    schedules.utc = "2026-11-20 12:00:00"
    schedules.add(cron="0 9 * * *", tz="America/New_York", skip_holidays="US")
    schedules.skip_next()
    simulated = lines(simulate_span(schedules, "2026-11-20 12:00", "2026-11-28 00:00"))
    assert "skipped" in simulated[0]
    assert [entry for entry in simulated[1:] if "queued" not in entry] == [
        "2026-11-26 14:00 skipped holiday: Thanksgiving Day"
    ]


def test_timed_pause_is_simulated_and_open_pause_is_not(schedules: Schedules) -> None:
    schedules.add("short"), schedules.add("long")
    schedules.pause("short", until="2026-12-04 12:00"), schedules.pause("long")
    simulated = simulate_span(schedules, "2026-12-02 00:00", "2026-12-07 00:00")
    assert [(entry.schedule, clock(entry.due_at)) for entry in simulated] == [
        ("short", "2026-12-05 09:00"),
        ("short", "2026-12-06 09:00"),
    ]
    assert [entry.name for entry in simulate.find_paused(schedules.session)] == ["long"]


def test_simulation_leaves_no_trace(
    schedules: Schedules, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder := tmp_path_factory.mktemp("temporary")))
    schedules.add()
    before = [read_rows(schedules.db, sql) for sql in EVERYTHING]
    simulated = simulate.simulate(
        schedules.session, SimulationSpan(ms(TUESDAY), ms(A_WEEK_LATER)), run_tick, lambda at: None
    )
    next(simulated)
    assert len(list(folder.iterdir())) == 1
    assert len(list(simulated)) == 6
    assert list(folder.iterdir()) == []
    assert [read_rows(schedules.db, sql) for sql in EVERYTHING] == before


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a shorter downtime is no simpler
Off = list[tuple[int, int]]
MIDNIGHT, DAY_MS = ms("2026-10-31 00:00"), 86_400_000
OFF = st.lists(st.tuples(st.integers(0, 2 * DAY_MS), st.integers(1, DAY_MS)), max_size=3)


@pytest.mark.slow
@settings(
    max_examples=4, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(off=OFF, pause=st.integers(1, 2 * DAY_MS))
def test_long_steps_agree_with_a_tick_each_minute(tmp_path: Path, off: Off, pause: int) -> None:
    downtimes = sorted(Downtime(MIDNIGHT + start, MIDNIGHT + start + length) for start, length in off)
    with TemporaryDirectory(dir=tmp_path) as folder, open_schedules(Path(folder)) as schedules:
        schedules.utc = "2026-10-31 00:00"
        add_each_kind(schedules, MIDNIGHT + pause)
        span = SimulationSpan(MIDNIGHT, MIDNIGHT + 2 * DAY_MS, downtimes)
        simulated = list(simulate.simulate(schedules.session, span, run_tick, lambda at: None))
        assert simulated == tick_each_minute(schedules, span)


def add_each_kind(schedules: Schedules, until: int) -> None:
    """Schedules of each misfire policy, with calendars and a jitter, sharing a channel; one pause ends at `until`."""
    for number, cron in enumerate(("*/7 * * * *", "0 9 * * 1-5", "30 1 * * *", "15 */5 * * *", "*/7 * * * *")):
        policy = ("latest", "all", "skip", "latest", "all")[number]
        schedules.add(f"s{number}", cron=cron, tz="America/New_York", misfire=policy, grace=("1h", "6h")[number % 2])
    schedules.add("jittered", cron="0 * * * *", jitter="5m", window="mon-fri 08:00-18:00")
    schedules.add("resting", cron="*/20 * * * *", misfire="all")
    schedules.pause("resting", until=times.to_rfc3339(until))


def tick_each_minute(schedules: Schedules, span: SimulationSpan) -> list[SimulatedOccurrence]:
    """Run a tick at each minute in a copy, including the first tick after the end of a downtime."""
    with simulation_copy.open_copy(schedules.db, span.start) as copy:
        for at in range(span.start, next_uptime(span.downtimes, span.end) + 60_000, 60_000):
            if next_uptime(span.downtimes, at) == at:
                run_tick(simulate.frozen_at(schedules.session, copy, at), LOOK_AHEAD_MS)
        return [simulate.settle(copy, entry, span.downtimes) for entry in simulation_copy.take_jobs(copy, span.end)]


def test_clock_change_names_the_affected_schedules(schedules: Schedules) -> None:
    for name in ("b", "a"):
        schedules.add(name, cron="30 1 * * *", tz="America/New_York")
    schedules.add("other", cron="30 1 * * *")
    simulated = simulate.find_clock_changes(
        schedules.session, SimulationSpan(ms("2026-10-01 00:00"), ms("2026-12-01 00:00"))
    )
    assert [(clock(change.at), change.effect.value, names) for change, _, names in simulated] == [
        ("2026-11-01 06:00", "once", ["a", "b"])
    ]


def test_downtime_without_duration_is_refused(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="has no duration"):
        simulate_span(schedules, TUESDAY, A_WEEK_LATER, "2026-12-01 08:50")
