"""Random pauses, resumes and ticks at right and wrong clocks, for the pause of all and for pauses of one schedule.

At the right clock, nothing is posted within an announced pause, a person's resume is final, and no occurrence after a
pause is lost.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.admin.schedules import pause_all
from schedbot.store.schedules import pauses_of_all
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

pytestmark = pytest.mark.slow

MINUTE = 60_000
BEGIN = ms("2026-10-20 00:00:05")
ALL, SINGLE = "all", "single"
MINUTES_TO_THE_END = 17

# The due occurrences of a schedule that a pool would have posted by now.
POST = """
UPDATE jobs SET state = 'succeeded', ts = '1.1', attempts = 1, parked = 0
 WHERE state = 'queued' AND available_at <= :now
RETURNING due_at, available_at, (SELECT name FROM schedules s WHERE s.id = schedule_id) AS name
"""


class Action(NamedTuple):
    """A command for `target` (empty: a tick alone), `after` minutes, on a clock that is `ahead` minutes ahead."""

    command: str
    target: str
    until: int | None  # minutes from the clock's present
    after: int
    ahead: int
    has_ticks: bool  # cron runs in the minutes before


ACTION = st.builds(
    Action,
    st.sampled_from(["tick", "tick", "pause", "pause", "resume"]),
    st.sampled_from([ALL, SINGLE]),
    st.sampled_from([None, 1, 2, 7, 12, 150]),
    st.sampled_from([0, 0, 1, 4, 9]),
    st.sampled_from([0, 0, 0, 3, 59, 61, 152, 3_000]),
    st.booleans(),
)


@dataclass
class Announced:
    """The pause that a person announced: `until` (infinity: without end), and earlier ones as (from, until)."""

    since: float = 0
    until: float = 0
    earlier: list[tuple[float, float]] = field(default_factory=list)

    def covers(self, at: float) -> bool:
        """Was or is the pause on at this instant?"""
        return any(since < at < until for since, until in [*self.earlier, (self.since, self.until)])

    def pause(self, now: int, shown: int, until: int | None) -> None:
        """Begin a pause or change it, at `now` on a clock that shows `shown`."""
        if self.until > shown and until is None:
            return
        self.resume(now)
        self.since, self.until = now, math.inf if until is None else shown + until * MINUTE

    def resume(self, now: int) -> None:
        """End the pause, if it is on."""
        self.earlier.append((self.since, min(self.until, now)))
        self.since = self.until = 0


class PausedSchedules:
    """Two schedules of one rule, and what a person was told about their pauses."""

    def __init__(self, schedules: Schedules) -> None:
        self.schedules, self.now = schedules, BEGIN
        self.announced = {ALL: Announced(), SINGLE: Announced()}
        self.posted: dict[str, set[int]] = {"other": set(), SINGLE: set()}
        self.set_clock(0)
        for number, name in enumerate(self.posted):
            schedules.add(name, cron="*/5 * * * *", channel=f"C000000000{number}", misfire="all")

    def set_clock(self, ahead: int) -> int:
        """Set the clock so many minutes ahead. Returns what it shows."""
        shown = self.now + ahead * MINUTE
        self.schedules.utc = times.to_rfc3339(shown)[:19]
        return shown

    def tick(self, ahead: int = 0) -> None:
        self.set_clock(ahead)
        self.schedules.tick(self.schedules.utc)

    def wait(self, minutes: int, has_ticks: bool) -> None:
        """Let so many minutes pass; a pool posts what is due."""
        for _ in range(minutes):
            self.now += MINUTE
            self.post()
            if has_ticks:
                self.tick()

    def post(self) -> None:
        """Post the due jobs, none of which is due in an announced pause or posted in one."""
        with self.schedules.db.writing():
            due = read_rows(self.schedules.db, POST, {"now": self.now})
        for due_at, available_at, name in due:
            for target in (ALL, SINGLE) if name == SINGLE else (ALL,):
                pause = self.announced[target]
                assert not pause.covers(due_at), f"{name} {clock(due_at)}"
                assert not pause.covers(available_at), f"{name} {clock(due_at)}"
            self.posted[name].add(due_at)

    def run(self, action: Action) -> None:
        """Carry out an action."""
        self.wait(action.after, action.has_ticks)
        shown = self.set_clock(action.ahead)
        until = "" if action.until is None else times.to_rfc3339(shown + action.until * MINUTE)
        if action.command == "tick":
            self.tick(action.ahead)
        if action.command == "pause":
            self.announced[action.target].pause(self.now, shown, action.until)
            self.pause(action.target, until)
        elif action.command == "resume":
            self.announced[action.target].resume(self.now)
            self.resume(action.target)
        self.check_pause_of_all()

    def pause(self, target: str, until: str) -> None:
        if target == ALL:
            pause_all.pause(self.schedules.session, "", until)
        else:
            self.schedules.pause(SINGLE, until=until)

    def resume(self, target: str) -> None:
        if target == ALL:
            pause_all.resume(self.schedules.session)
        else:
            self.schedules.resume(SINGLE)

    def check_pause_of_all(self) -> None:
        """At the right clock, commands know whether all posts are paused, even before a tick."""
        is_on = pauses_of_all.get_present(self.schedules.db, self.now) is not None
        assert is_on == (self.announced[ALL].until > self.now)

    def check_end(self) -> None:
        """With a right clock and ticks, every occurrence outside the pauses is posted, and none within."""
        self.tick()
        self.post()
        begin = self.now
        self.wait(MINUTES_TO_THE_END, has_ticks=True)
        is_paused = self.schedules.get(SINGLE).state == "paused"
        assert is_paused == (self.announced[SINGLE].until > self.now)
        instants = range(-(-(begin + 2 * MINUTE) // (5 * MINUTE)) * 5 * MINUTE, self.now - MINUTE, 5 * MINUTE)
        for name, posted in self.posted.items():
            targets = [self.announced[target] for target in ((ALL, SINGLE) if name == SINGLE else (ALL,))]
            expected = {at for at in instants if not any(target.covers(at) for target in targets)}
            assert sorted(map(clock, expected - posted)) == [], name


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTION, min_size=1, max_size=9))
def test_announced_pauses_hold_at_wrong_clocks(actions: list[Action]) -> None:
    with TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
        state = PausedSchedules(schedules)
        for action in actions:
            state.run(action)
        state.check_end()
        assert read_rows(schedules.db, "SELECT 1 FROM jobs WHERE state = 'running'") == []
