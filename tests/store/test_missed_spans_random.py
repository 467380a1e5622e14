"""Random changes around a downtime: jobs and missed spans hold each occurrence once, as a slow count has it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.jobs import backfill, retry
from schedbot.errors import BadInput
from schedbot.rules import recurrence
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from tests.support.missed_occurrences import list_missed
from tests.support.schedules import Schedules, clock, ms, open_schedules

pytestmark = pytest.mark.slow

MINUTE = 60_000
CRONS = st.sampled_from(["*/5 * * * *", "*/7 8-17 * * 1-5", "0,30 * * * *", "13 * * * *", "* 0-6 * * *"])
MINUTES = st.integers(1, 4_000)
STEP = st.tuples(
    st.sampled_from(["rest", "skip", "back", "retry", "backfill", "edit", "starts", "until", "off"]), MINUTES
)
AWAY = st.tuples(st.just("off"), st.integers(1_000, 6_000))
# Steps before and after a downtime that is long enough for missed spans.
STEPS = st.tuples(st.lists(STEP, max_size=3), AWAY, st.lists(STEP, max_size=4)).map(
    lambda drawn: [*drawn[0], drawn[1], *drawn[2]]
)


@dataclass
class Life:
    """Schedules with one rule, and the slow count of their occurrences."""

    schedules: Schedules
    ticked_to: int = 0
    expected: set[tuple[str, int]] = field(default_factory=set)

    @property
    def now(self) -> int:
        return ms(self.schedules.utc)

    def expect(self, name: str, after: int, until: int) -> None:
        schedule = self.schedules.get(name)
        first = max(schedule.effective_at + 1, schedule.terms.starts_at or 0)
        last = min(until, schedule.terms.until_at or until)
        if schedule.state == "active":
            self.expected |= {(name, at) for at in recurrence.between(schedule.recurrence, after, last) if at >= first}

    def act(self, step: tuple[str, int]) -> None:
        action, minutes = step
        match action:
            case "off":
                self.tick(self.now + minutes * MINUTE)
            case "back":
                self.tick(self.now - minutes % 30 * 1_000)  # a clock that was more ahead is corrected
            case "retry":
                selection = Filter(since=self.now - 2 * minutes * MINUTE, until=self.now - minutes * MINUTE)
                list(retry.carry_out(self.schedules.session, retry.plan(self.schedules.session, selection, stale=True)))
            case "backfill":
                self.backfill(self.now - 2 * minutes * MINUTE, self.now - minutes * MINUTE)
            case "rest":
                self.schedules.pause("a")
                self.schedules.resume("a")
                self.expect("a", self.now, self.now + LOOK_AHEAD_MS)
            case "edit":
                self.edit(grace=f"{minutes}m", misfire="all" if minutes % 2 else "skip")
            case "skip" if self.schedules.get("a").state == "active":
                self.expected.add(("a", ms(self.schedules.skip_next("a"))))
            case "starts":
                self.edit(starts=times.to_rfc3339(self.now + minutes * MINUTE), until="none")
            case "until":
                self.edit(until=times.to_rfc3339(self.now + minutes * MINUTE), starts="none")

    def backfill(self, since: int, until: int) -> None:
        """Backfill; it also adds occurrences from before the schedule began."""
        with suppress(BadInput):  # for example a finished schedule
            plan = backfill.plan(self.schedules.session, "a", times.to_rfc3339(since), times.to_rfc3339(until))
            self.expected |= {("a", due_at) for _, due_at in backfill.carry_out(self.schedules.session, plan)}

    def edit(self, **fields: str) -> None:
        with suppress(BadField):  # such as an end before the next occurrence
            self.schedules.edit("a", **fields)
        self.expect("a", self.now, self.now + LOOK_AHEAD_MS)

    def tick(self, at: int) -> None:
        for name in ("a", "b"):
            self.expect(name, self.ticked_to, at + LOOK_AHEAD_MS)
        self.ticked_to = max(self.ticked_to, at + LOOK_AHEAD_MS)
        self.schedules.tick(times.to_rfc3339(at)[:19])


@contextmanager
def start_life(cron: str) -> Iterator[Life]:
    with TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
        schedules.utc = "2026-10-20 00:00:30"
        life = Life(schedules, ms(schedules.utc) + LOOK_AHEAD_MS)
        for name in ("a", "b"):
            schedules.add(name, cron=cron, tz="Europe/Berlin")
            life.expect(name, life.now, life.now + LOOK_AHEAD_MS)
        life.tick(life.now)  # stores the version of the zone data
        yield life


@settings(max_examples=25, deadline=None)
@given(CRONS, STEPS)
def test_each_occurrence_is_on_record_once(cron: str, steps: list[tuple[str, int]]) -> None:
    with start_life(cron) as life:
        for step in [*steps, ("off", 5)]:
            life.act(step)
        records = [(job.schedule, job.due_at) for job in jobs.every_job(life.schedules.db, Filter())]
        records += [(name, at) for name in "ab" for at in list_missed(life.schedules.db, life.schedules.get(name).id)]
        assert len(records) == len(set(records))
        missing, more = life.expected - set(records), set(records) - life.expected
        assert sorted((name, clock(at)) for name, at in missing) == []
        assert sorted((name, clock(at)) for name, at in more) == []
