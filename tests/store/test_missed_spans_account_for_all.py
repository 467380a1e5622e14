"""Whatever happens around a time off: the audit tells each occurrence once, as a slow count of them has it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.jobs import backfill, retry
from schedbot.errors import BadInput
from schedbot.rules import recurrence
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from tests.support.missed_occurrences import list_missed
from tests.support.schedules import Schedules, clock, ms, open_schedules

MINUTE = 60_000
CRONS = st.sampled_from(["*/5 * * * *", "*/7 8-17 * * 1-5", "0,30 * * * *", "13 * * * *", "* 0-6 * * *"])
MINUTES = st.integers(1, 4_000)
STEP = st.tuples(
    st.sampled_from(["rest", "skip", "back", "retry", "backfill", "edit", "starts", "until", "off"]), MINUTES
)
AWAY = st.tuples(st.just("off"), st.integers(1_000, 6_000))
# Something before a long time off, which comes to spans, and something after it.
STEPS = st.tuples(st.lists(STEP, max_size=3), AWAY, st.lists(STEP, max_size=4)).map(
    lambda drawn: [*drawn[0], drawn[1], *drawn[2]]
)


@dataclass
class Life:
    """Schedules of one rule, and the slow count of what they owe."""

    schedules: Schedules
    ticked_to: int = 0
    owed: set[tuple[str, int]] = field(default_factory=set)

    @property
    def now(self) -> int:
        return ms(self.schedules.utc)

    def owes(self, name: str, after: int, until: int) -> None:
        one = self.schedules.get(name)
        first = max(one.effective_at + 1, one.terms.starts_at or 0)
        last = min(until, one.terms.until_at or until)
        if one.state == "active":
            self.owed |= {(name, at) for at in recurrence.between(one.recurrence, after, last) if at >= first}

    def act(self, step: tuple[str, int]) -> None:
        what, minutes = step
        match what:
            case "off":
                self.tick(self.now + minutes * MINUTE)
            case "back":
                self.tick(self.now - minutes % 90 * MINUTE)
            case "retry":
                chosen = Filter(since=self.now - 2 * minutes * MINUTE, until=self.now - minutes * MINUTE)
                list(retry.carry_out(self.schedules.session, retry.plan(self.schedules.session, chosen, stale=True)))
            case "backfill":
                self.backfill(self.now - 2 * minutes * MINUTE, self.now - minutes * MINUTE)
            case "rest":
                self.schedules.pause("a")
                self.schedules.resume("a")
                self.owes("a", self.now, self.now + LOOK_AHEAD_MS)
            case "edit":
                self.edit(grace=f"{minutes}m", misfire="all" if minutes % 2 else "skip")
            case "skip" if self.schedules.get("a").state == "active":
                self.owed.add(("a", ms(self.schedules.skip_next("a"))))
            case "starts":
                self.edit(starts=times.to_rfc3339(self.now + minutes * MINUTE), until="none")
            case "until":
                self.edit(until=times.to_rfc3339(self.now + minutes * MINUTE), starts="none")

    def backfill(self, since: int, until: int) -> None:
        """Also what nobody owed is posted then: from before the schedule began."""
        with suppress(BadInput):  # a schedule that is over, for one
            made = backfill.plan(self.schedules.session, "a", times.to_rfc3339(since), times.to_rfc3339(until))
            self.owed |= {("a", due_at) for _, due_at in backfill.carry_out(self.schedules.session, made)}

    def edit(self, **said: str) -> None:
        with suppress(BadField):  # such as an end before the next occurrence
            self.schedules.edit("a", **said)
        self.owes("a", self.now, self.now + LOOK_AHEAD_MS)

    def tick(self, at: int) -> None:
        for name in ("a", "b"):
            self.owes(name, self.ticked_to, at + LOOK_AHEAD_MS)
        self.ticked_to = max(self.ticked_to, at + LOOK_AHEAD_MS)
        self.schedules.tick(times.to_rfc3339(at)[:19])


@contextmanager
def life(cron: str) -> Iterator[Life]:
    with TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
        schedules.utc = "2026-10-20 00:00:30"
        made = Life(schedules, ms(schedules.utc) + LOOK_AHEAD_MS)
        for name in ("a", "b"):
            schedules.add(name, cron=cron, tz="Europe/Berlin")
            made.owes(name, made.now, made.now + LOOK_AHEAD_MS)
        made.tick(made.now)  # the zone data is seen
        yield made


@settings(max_examples=25, deadline=None)
@given(CRONS, STEPS)
def test_the_audit_tells_each_occurrence_once_as_a_slow_count_has_it(cron: str, steps: list[tuple[str, int]]) -> None:
    with life(cron) as lived:
        for step in [*steps, ("off", 5)]:
            lived.act(step)
        told = [(one.schedule, one.due_at) for one in jobs.every_job(lived.schedules.db, Filter())]
        told += [(name, at) for name in "ab" for at in list_missed(lived.schedules.db, lived.schedules.get(name).id)]
        assert len(told) == len(set(told))
        missing, more = (sorted((name, clock(at)) for name, at in one) for one in
                         (lived.owed - set(told), set(told) - lived.owed))  # fmt: skip
        assert (missing, more) == ([], [])
