"""`simulate`: what a span of time would bring, by the real tick, in a copy that is gone afterwards."""

import tempfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.simulate import SimulatedOccurrence
from schedbot.admin.simulation.span import Downtime, SimulationSpan, next_uptime, parse_downtimes
from schedbot.commands.schedules.simulate import run_tick
from schedbot.errors import BadInput
from schedbot.store.fanout import simulation_copy
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

EVERYTHING = (
    "SELECT * FROM jobs",
    "SELECT * FROM schedules",
    "SELECT * FROM recurrences",
    "SELECT * FROM heartbeats",
)
TUESDAY, A_WEEK_LATER = "2026-12-01 00:00", "2026-12-08 00:00"


def simulated(schedules: Schedules, start: str, end: str, *downs: str) -> list[SimulatedOccurrence]:
    off = parse_downtimes(downs, schedules.session.local_zone, 0)
    return list(
        simulate.simulate(schedules.session, SimulationSpan(ms(start), ms(end), off), run_tick, lambda at: None)
    )


def told(found: list[SimulatedOccurrence]) -> list[str]:
    return [f"{clock(one.due_at)} {one.state.value}{f' {one.error}' if one.error else ''}" for one in found]


def test_each_occurrence_of_the_span_is_due_its_beginning_in_and_its_end_out(schedules: Schedules) -> None:
    schedules.add(cron="0 0 * * mon,tue")
    assert told(simulated(schedules, TUESDAY, A_WEEK_LATER)) == ["2026-12-01 00:00 queued", "2026-12-07 00:00 queued"]


def test_a_schedule_of_today_is_simulated_in_the_past_too(schedules: Schedules) -> None:
    schedules.add(cron="30 1 * * *", tz="America/New_York")
    found = simulated(schedules, "2025-11-01 12:00", "2025-11-03 12:00")
    assert told(found) == ["2025-11-02 05:30 queued", "2025-11-03 06:30 queued"]


def test_an_outage_is_caught_up_by_the_policy_and_its_lateness_is_told(schedules: Schedules) -> None:
    schedules.add(cron="*/10 9 * * *")
    found = simulated(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:50:00Z/30m")
    assert told(found)[:3] == ["2026-12-01 09:00 missed", "2026-12-01 09:10 missed", "2026-12-01 09:20 queued"]
    assert told(found)[3:] == [f"2026-12-01 09:{minute} queued" for minute in (30, 40, 50)]


def test_a_report_that_was_due_while_the_machine_was_off_is_late_once(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *")
    found = simulated(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:50:00Z/30m")
    assert [(clock(one.due_at), one.state, one.late_ms) for one in found] == [("2026-12-01 09:00", "queued", 1_200_000)]


def test_a_long_downtime_is_one_missed_line_per_schedule(schedules: Schedules) -> None:
    schedules.add("often", cron="*/5 * * * *"), schedules.add("each", cron="*/10 * * * *", misfire="skip")
    found = simulated(schedules, "2026-12-01 00:00", "2026-12-08 00:00", "2026-12-02T00:02:00Z/3d")
    assert [(one.due_at, one.schedule) for one in found] == sorted({(one.due_at, one.schedule) for one in found})
    counted: Counter[tuple[str, str]] = Counter()
    for one in found:
        counted[one.schedule, one.state] += one.occurrences
    assert counted == {
        ("often", "missed"): 3 * 288 - 1, ("often", "queued"): 4 * 288 + 1,
        ("each", "missed"): 3 * 144, ("each", "queued"): 4 * 144,
    }  # fmt: skip
    assert sorted(one.schedule for one in found if one.state == "missed") == ["each", "often"]  # a line for all of each


def test_after_an_outage_what_is_on_time_is_spaced_among_all_policies(schedules: Schedules) -> None:
    (
        schedules.add("newest", cron="*/5 9 * * *", misfire="latest"),
        schedules.add("each", cron="*/5 9 * * *", misfire="all"),
    )
    found = simulated(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:50:00Z/15m")
    assert {one.late_ms for one in found if clock(one.due_at) == "2026-12-01 09:05"} == {0, 1_000}


def test_what_was_enqueued_before_an_outage_that_outlasts_its_grace_is_missed(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", grace="1h")
    found = simulated(schedules, TUESDAY, "2026-12-02 00:00", "2026-12-01T08:59:30Z/2h")
    assert told(found) == ["2026-12-01 09:00 missed deadline"]


def test_holidays_and_what_was_skipped_by_hand_are_told_with_their_reason(schedules: Schedules) -> None:
    schedules.utc = "2026-11-20 12:00:00"
    schedules.add(cron="0 9 * * *", tz="America/New_York", skip_holidays="US")
    schedules.skip_next()
    found = told(simulated(schedules, "2026-11-20 12:00", "2026-11-28 00:00"))
    assert "skipped" in found[0]
    assert [one for one in found[1:] if "queued" not in one] == ["2026-11-26 14:00 skipped holiday: Thanksgiving Day"]


def test_a_pause_with_an_end_is_kept_until_then_and_one_without_is_left_out(schedules: Schedules) -> None:
    schedules.add("short"), schedules.add("long")
    schedules.pause("short", until="2026-12-04 12:00"), schedules.pause("long")
    found = simulated(schedules, "2026-12-02 00:00", "2026-12-07 00:00")
    assert [(one.schedule, clock(one.due_at)) for one in found] == [
        ("short", "2026-12-05 09:00"),
        ("short", "2026-12-06 09:00"),
    ]
    assert [one.name for one in simulate.find_paused(schedules.session)] == ["long"]


def test_a_simulation_leaves_the_database_and_the_temporary_folder_as_they_were(
    schedules: Schedules, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder := tmp_path_factory.mktemp("temporary")))
    schedules.add()
    before = [read_rows(schedules.db, sql) for sql in EVERYTHING]
    found = simulate.simulate(
        schedules.session, SimulationSpan(ms(TUESDAY), ms(A_WEEK_LATER)), run_tick, lambda at: None
    )
    next(found)
    assert len(list(folder.iterdir())) == 1
    assert len(list(found)) == 6
    assert list(folder.iterdir()) == []
    assert [read_rows(schedules.db, sql) for sql in EVERYTHING] == before


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a shorter downtime tells no more
Off = list[tuple[int, int]]
MIDNIGHT, DAY_MS = ms("2026-10-31 00:00"), 86_400_000
OFF = st.lists(st.tuples(st.integers(0, 2 * DAY_MS), st.integers(1, DAY_MS)), max_size=3)


@settings(
    max_examples=8, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(off=OFF, pause=st.integers(1, 2 * DAY_MS))
def test_one_tick_for_many_says_what_a_tick_at_each_minute_would(tmp_path: Path, off: Off, pause: int) -> None:
    downs = sorted(Downtime(MIDNIGHT + start, MIDNIGHT + start + length) for start, length in off)
    with TemporaryDirectory(dir=tmp_path) as folder, open_schedules(Path(folder)) as schedules:
        schedules.utc = "2026-10-31 00:00"
        of_each_kind(schedules, MIDNIGHT + pause)
        span = SimulationSpan(MIDNIGHT, MIDNIGHT + 2 * DAY_MS, downs)
        found = list(simulate.simulate(schedules.session, span, run_tick, lambda at: None))
        assert found == every_minute(schedules, span)


def of_each_kind(schedules: Schedules, until: int) -> None:
    """Schedules of each misfire policy, with calendars and a jitter, sharing a channel; one pause ends at `until`."""
    for number, cron in enumerate(("*/7 * * * *", "0 9 * * 1-5", "30 1 * * *", "15 */5 * * *", "*/7 * * * *")):
        policy = ("latest", "all", "skip", "latest", "all")[number]
        schedules.add(f"s{number}", cron=cron, tz="America/New_York", misfire=policy, grace=("1h", "6h")[number % 2])
    schedules.add("jittered", cron="0 * * * *", jitter="5m", window="mon-fri 08:00-18:00")
    schedules.add("resting", cron="*/20 * * * *", misfire="all")
    schedules.pause("resting", until=times.to_rfc3339(until))


def every_minute(schedules: Schedules, span: SimulationSpan) -> list[SimulatedOccurrence]:
    """What a tick at each minute makes in a copy, the first one after the end included where the machine was off."""
    with simulation_copy.copied(schedules.db, span.start) as copy:
        for at in range(span.start, next_uptime(span.downtimes, span.end) + 60_000, 60_000):
            if next_uptime(span.downtimes, at) == at:
                run_tick(simulate.frozen_at(schedules.session, copy, at), LOOK_AHEAD_MS)
        return [simulate.settle(copy, one, span.downtimes) for one in simulation_copy.take_made(copy, span.end)]


def test_a_clock_change_is_told_with_all_schedules_that_it_touches(schedules: Schedules) -> None:
    for name in ("b", "a"):
        schedules.add(name, cron="30 1 * * *", tz="America/New_York")
    schedules.add("other", cron="30 1 * * *")
    found = simulate.find_clock_changes(
        schedules.session, SimulationSpan(ms("2026-10-01 00:00"), ms("2026-12-01 00:00"))
    )
    assert [(clock(change.at), change.effect.value, names) for change, _, names in found] == [
        ("2026-11-01 06:00", "once", ["a", "b"])
    ]


def test_a_downtime_without_its_length_is_refused(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="has no duration"):
        simulated(schedules, TUESDAY, A_WEEK_LATER, "2026-12-01 08:50")
