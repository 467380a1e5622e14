"""Promise 2, whatever is said of windows and blackouts while machines are off, posts fail, and people send again.

Each occurrence is on record once. What a person asked for is never left out, and can always go in time. What is left
out for a later occurrence is stood for: that one waits, is to come by the opening, or was enqueued in the same breath.
Drawn by seed, so that a life that goes wrong is told by its number.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from schedbot.admin.jobs import backfill, retry
from schedbot.admin.schedules import shared_calendars
from schedbot.model import AttemptResult, Outcome
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence
from schedbot.store.history import missed_spans
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import attempts, claims, deferral, pacing
from schedbot.store.jobs.claims import ClaimedJob, ClaimRequest
from schedbot.worker.state.verdict import Standing, verdict
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows, read_value

MINUTE, HOUR = 60_000, 3_600_000
STEPS = 25
CRONS = ("0 9 * * *", "30 17 * * mon-fri", "0 */3 * * *", "*/40 * * * *")
WINDOWS = ("none", "08:00-18:00", "mon-fri 08:00-18:00", "22:00-02:00", "tue,fri 12:00-13:00", "00:00-23:00")
BLACKOUTS = ("none", "none", "none", "2026-12-03", "2026-12-04/2026-12-07")
OUTCOMES = (Outcome.POSTED, Outcome.POSTED, Outcome.NOT_POSTED, Outcome.MESSAGE_REFUSED, Outcome.RATE_LIMITED)
SPANS = (MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, 26 * HOUR, 80 * HOUR)

JOBS = "SELECT id, due_at, state, attempts, coalesce(error, ''), available_at, deadline_at, deferred_to FROM jobs"
LATER = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE due_at > :due_at AND (id > :newest OR state = 'queued'))
    OR EXISTS (SELECT 1 FROM attempts a JOIN jobs j ON j.id = a.job_id
                WHERE j.due_at > :due_at AND a.ended_at > :looked_at)
    OR EXISTS (SELECT 1 FROM missed_spans WHERE last_due_at > :due_at)
"""


class Life:
    """One schedule of one account, a pool that posts when it is told to, and what people do to them."""

    def __init__(self, schedules: Schedules, seed: int) -> None:
        self.schedules, self.draw = schedules, Random(seed)
        self.asked_for: set[int] = set()  # what a person sent again or backfilled, by when it was due
        self.left_out: set[int] = set()
        self.newest = self.looked_at = 0
        self.at(ms("2026-12-01 08:00:30"))
        self.began = self.ticked = self.now
        self.may_skip = self.draw.random() < 0.5
        terms = {"misfire": ("latest", "all", "skip"), "grace": ("0s", "6h", "30d"), "jitter": ("0s", "20m")}
        self.schedule = schedules.add(
            cron=self.one(CRONS), account="42", **{key: self.one(terms[key]) for key in terms}
        )

    def one(self, among: tuple[str, ...]) -> str:
        return self.draw.choice(among)

    def outside(self) -> str:
        return self.one(("defer", "skip")) if self.may_skip else "defer"

    def at(self, now: int) -> None:
        self.now = now
        self.schedules.utc = f"{clock(now)}:{now // 1000 % 60:02d}"

    # -- machines

    def the_machine_was_off(self, span: int = 0) -> None:
        self.at(self.now + (span or self.draw.choice(SPANS)))
        self.schedules.tick(self.schedules.utc)
        self.ticked = self.now

    def the_next_one_is_due(self) -> None:
        due_at = recurrence.next_after(self.schedule.recurrence, self.now + MINUTE)
        assert due_at
        self.the_machine_was_off(due_at - 30_000 - self.now)
        self.at(due_at)
        self.a_pool_works()

    def a_pool_works(self, outcome: Outcome | None = None) -> None:
        outcome = outcome or self.draw.choice(OUTCOMES)
        with self.schedules.db.writing():
            for job in claims.claim(self.schedules.db, ClaimRequest(self.now, 1_000, self.now + MINUTE)):
                if job.deadline_at < self.now:
                    claims.expire(self.schedules.db, job.id, job.token)
                elif deferral.is_closed(job.calendar, job.tz, self.now):
                    deferral.defer_or_skip(self.schedules.db, job.id, job.token, self.now)
                else:
                    self.post(job, outcome)

    def post(self, job: ClaimedJob, outcome: Outcome) -> None:
        db, told = self.schedules.db, (job.id, job.token)
        if not attempts.begin(
            db, attempts.AttemptStart(*told, 1, job.channel, "pool", self.now, self.now), self.now, 0
        ):
            claims.release(db, [(*told, self.now + MINUTE)])
            return
        reply = AttemptResult(outcome, outcome.value, ts="1.1" if outcome is Outcome.POSTED else None)
        standing = Standing(job.due_at, job.deadline_at, job.spent, job.max_attempts, self.now)
        ruled = verdict(reply, standing, self.now, self.draw.random)
        number, state, available_at = job.attempts + 1, ruled.state, ruled.available_at
        attempts.end(db, attempts.AttemptEnd(*told, number, self.now, reply, state, available_at, ruled.spent))
        if ruled.hold_until:
            pacing.hold(db, job.workspace_id, pacing.POST, "", self.now, ruled.hold_until)
            pacing.postpone_jobs(db, job.workspace_id, ruled.hold_until, 3_000)

    # -- people

    def the_accounts_calendar_is_set(self) -> None:
        said = {"window": self.one(WINDOWS), "blackout": self.one(BLACKOUTS), "outside": self.outside()}
        if said["window"] == said["blackout"]:
            shared_calendars.clear(self.schedules.session, "42", None)
        else:
            shared_calendars.set_(self.schedules.session, "42", None, said)

    def the_schedule_is_edited(self) -> None:
        grace = self.one(("0s", "6h", "30d"))
        self.schedules.edit(window=self.one(("none", "00:30-23:30")), outside=self.outside(), grace=grace)

    def all_that_failed_is_sent_again(self) -> None:
        plan = retry.plan(self.schedules.session, Filter(), stale=True)
        self.asked_for.update(job.due_at for job in retry.carry_out(self.schedules.session, plan))

    def two_days_are_backfilled(self) -> None:
        plan = backfill.plan(self.schedules.session, "daily", clock(self.now - 48 * HOUR), clock(self.now))
        self.asked_for.update(due_at for _, due_at in backfill.carry_out(self.schedules.session, plan))

    def everything_opens(self) -> None:
        """Then what waits goes, and nothing is left."""
        shared_calendars.clear(self.schedules.session, "42", None)
        self.schedules.edit(window="none", blackout="none", outside="defer")
        while [row for row in read_rows(self.schedules.db, JOBS) if row[2] == "queued"]:
            self.at(self.now + 20 * MINUTE)
            self.a_pool_works(Outcome.POSTED)
            assert self.now < self.looked_at + 3 * HOUR

    # -- what must hold

    def check(self) -> None:
        for number, due_at, state, tried, error, available_at, deadline_at, opens in read_rows(self.schedules.db, JOBS):
            told = (clock(due_at), state, error, clock(available_at), clock(deadline_at))
            is_left_out = error.startswith(("outside", "blackout"))
            assert not is_left_out or state == ("failed" if tried else "skipped"), told
            assert not (is_left_out and due_at in self.asked_for), told
            if state == "queued" and not tried and due_at in self.asked_for:
                assert available_at <= deadline_at + MINUTE, told  # a limit of Slack's may end later
            if state == "queued" and due_at in self.asked_for and opens == available_at:
                assert available_at + HOUR <= deadline_at, told
            if is_left_out and number not in self.left_out:
                self.left_out.add(number)
                assert self.may_skip or self.another_stands_for(due_at), told
        self.newest, self.looked_at = read_value(self.schedules.db, "SELECT coalesce(max(id), 0) FROM jobs"), self.now
        self.each_occurrence_is_on_record_once()

    def another_stands_for(self, due_at: int) -> bool:
        opens = calendar_rules.find_opening(calendar_rules.get_calendar(self.schedules.get()), "UTC", self.now)
        coming = recurrence.next_after(self.schedule.recurrence, self.now)
        told = {"due_at": due_at, "newest": self.newest, "looked_at": self.looked_at}
        return bool(read_value(self.schedules.db, LATER, told)) or bool(coming and opens and coming <= opens)

    def each_occurrence_is_on_record_once(self) -> None:
        jobs = [due_at for _, due_at, *_ in read_rows(self.schedules.db, JOBS)]
        spans = list(missed_spans.due_within(self.schedules.db, self.schedule.id, 0, self.now))
        assert len(jobs + spans) == len({*jobs, *spans})
        assert {*recurrence.between(self.schedule.recurrence, self.began, self.ticked)} <= {*jobs, *spans}

    def go_on(self) -> None:
        """Anything, in any order."""
        moves = (
            *[self.the_machine_was_off, self.the_next_one_is_due, self.the_next_one_is_due, self.a_pool_works],
            *[self.the_accounts_calendar_is_set, self.the_accounts_calendar_is_set, self.the_schedule_is_edited],
            *[self.all_that_failed_is_sent_again, self.two_days_are_backfilled],
        )
        for _ in range(STEPS):
            self.draw.choice(moves)()
            self.check()
        self.everything_opens()
        self.check()


@contextmanager
def life(seed: int) -> Iterator[Life]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        with open_schedules(folder) as schedules:
            yield Life(schedules, seed)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("seed", range(60))
def test_no_life_of_a_calendar_loses_an_occurrence_or_what_was_asked_for(seed: int) -> None:
    with life(seed) as drawn:
        drawn.go_on()
