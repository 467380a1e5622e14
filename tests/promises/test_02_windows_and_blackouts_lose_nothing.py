"""Promise 2 under random changes of windows and blackouts, downtime, failed posts, retries and backfills.

Each occurrence is on record once. A job that a person retried or backfilled is never skipped, and has time to be
posted. An occurrence skipped in favour of a later one has that later one: queued, due by the opening, or just enqueued.
The seed names a failing run.
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
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import attempt_ends, attempts, calendar_deferral, claims, pacing
from schedbot.store.jobs.claims import ClaimedJob, ClaimRequest
from schedbot.worker.state.next_state import RetryBudget, next_state
from tests.support.missed_occurrences import list_missed
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
                WHERE j.due_at > :due_at AND a.ended_at > :checked_at)
    OR EXISTS (SELECT 1 FROM missed_spans WHERE last_due_at > :due_at)
"""


class RandomRun:
    """A schedule of one account, a pool that works on call, and random actions of machines and people."""

    def __init__(self, schedules: Schedules, seed: int) -> None:
        self.schedules, self.random = schedules, Random(seed)
        self.requested: set[int] = set()  # due_at of each job that a person retried or backfilled
        self.skipped: set[int] = set()
        self.newest_job = self.checked_at = 0
        self.set_clock(ms("2026-12-01 08:00:30"))
        self.started_at = self.last_tick_at = self.now
        self.may_skip = self.random.random() < 0.5
        terms = {"misfire": ("latest", "all", "skip"), "grace": ("0s", "6h", "30d"), "jitter": ("0s", "20m")}
        self.schedule = schedules.add(
            cron=self.choose(CRONS), account="42", **{key: self.choose(terms[key]) for key in terms}
        )

    def choose(self, options: tuple[str, ...]) -> str:
        return self.random.choice(options)

    def outside(self) -> str:
        return self.choose(("defer", "skip")) if self.may_skip else "defer"

    def set_clock(self, now: int) -> None:
        self.now = now
        self.schedules.utc = f"{clock(now)}:{now // 1000 % 60:02d}"

    # -- machines

    def skip_ticks(self, span: int = 0) -> None:
        self.set_clock(self.now + (span or self.random.choice(SPANS)))
        self.schedules.tick(self.schedules.utc)
        self.last_tick_at = self.now

    def reach_next_occurrence(self) -> None:
        due_at = recurrence.next_after(self.schedule.recurrence, self.now + MINUTE)
        assert due_at
        self.skip_ticks(due_at - 30_000 - self.now)
        self.set_clock(due_at)
        self.run_pool()

    def run_pool(self, outcome: Outcome | None = None) -> None:
        outcome = outcome or self.random.choice(OUTCOMES)
        with self.schedules.db.writing():
            for job in claims.claim(self.schedules.db, ClaimRequest(self.now, 1_000, self.now + MINUTE)):
                if job.deadline_at < self.now:
                    claims.expire(self.schedules.db, job.id, job.token)
                elif calendar_deferral.is_closed(job.calendar, job.tz, self.now):
                    calendar_deferral.defer_or_skip(self.schedules.db, job.id, job.token, self.now)
                else:
                    self.post(job, outcome)

    def post(self, job: ClaimedJob, outcome: Outcome) -> None:
        db, claim = self.schedules.db, (job.id, job.token)
        if not attempts.begin(db, attempts.AttemptStart(*claim, 1, job.channel, "pool", self.now, self.now), self.now):
            claims.release(db, *claim, self.now + MINUTE)
            return
        reply = AttemptResult(outcome, outcome.value, ts="1.1" if outcome is Outcome.POSTED else None)
        budget = RetryBudget(job.deadline_at, job.spent, job.max_attempts, self.now)
        transition = next_state(reply, budget, self.now, self.random.random)
        number, state, available_at = job.attempts + 1, transition.state, transition.available_at
        end = attempt_ends.AttemptEnd(*claim, number, self.now, reply, state, available_at, transition.spent)
        attempt_ends.end_all(db, [end])
        if transition.hold_until:
            pacing.hold(db, job.workspace_id, pacing.POST, "", self.now, transition.hold_until)
            pacing.postpone_jobs(db, job.workspace_id, transition.hold_until, 3_000)

    # -- people

    def set_account_calendar(self) -> None:
        calendar = {"window": self.choose(WINDOWS), "blackout": self.choose(BLACKOUTS), "outside": self.outside()}
        if calendar["window"] == calendar["blackout"]:
            shared_calendars.clear_calendar(self.schedules.session, "42", None)
        else:
            shared_calendars.set_calendar(self.schedules.session, "42", None, calendar)

    def edit_schedule(self) -> None:
        grace = self.choose(("0s", "6h", "30d"))
        self.schedules.edit(window=self.choose(("none", "00:30-23:30")), outside=self.outside(), grace=grace)

    def retry_all(self) -> None:
        plan = retry.plan(self.schedules.session, Filter(since=0), stale=True)
        self.requested.update(job.due_at for job in retry.carry_out(self.schedules.session, plan))

    def backfill_two_days(self) -> None:
        plan = backfill.plan(self.schedules.session, "daily", clock(self.now - 48 * HOUR), clock(self.now))
        self.requested.update(due_at for _, due_at in backfill.carry_out(self.schedules.session, plan))

    def open_and_drain(self) -> None:
        """Remove all windows and blackouts, and post every queued job."""
        shared_calendars.clear_calendar(self.schedules.session, "42", None)
        self.schedules.edit(window="none", blackout="none", outside="defer")
        while [row for row in read_rows(self.schedules.db, JOBS) if row[2] == "queued"]:
            self.set_clock(self.now + 20 * MINUTE)
            self.run_pool(Outcome.POSTED)
            assert self.now < self.checked_at + 3 * HOUR

    # -- checks

    def check(self) -> None:
        for job_id, due_at, state, tried, error, available_at, deadline_at, opens in read_rows(self.schedules.db, JOBS):
            facts = (clock(due_at), state, error, clock(available_at), clock(deadline_at))
            is_skipped = error.startswith(("outside", "blackout"))
            assert not is_skipped or state == ("failed" if tried else "skipped"), facts
            assert not (is_skipped and due_at in self.requested), facts
            if state == "queued" and not tried and due_at in self.requested:
                assert available_at <= deadline_at + MINUTE, facts  # a rate limit of Slack may end later
            if state == "queued" and due_at in self.requested and opens == available_at:
                assert available_at + HOUR <= deadline_at, facts
            if is_skipped and job_id not in self.skipped:
                self.skipped.add(job_id)
                assert self.may_skip or self.has_later_occurrence(due_at), facts
        self.newest_job = read_value(self.schedules.db, "SELECT coalesce(max(id), 0) FROM jobs")
        self.checked_at = self.now
        self.check_each_occurrence_is_recorded_once()

    def has_later_occurrence(self, due_at: int) -> bool:
        opens = calendar_rules.find_opening(calendar_rules.get_calendar(self.schedules.get()), "UTC", self.now)
        coming = recurrence.next_after(self.schedule.recurrence, self.now)
        bindings = {"due_at": due_at, "newest": self.newest_job, "checked_at": self.checked_at}
        return bool(read_value(self.schedules.db, LATER, bindings)) or bool(coming and opens and coming <= opens)

    def check_each_occurrence_is_recorded_once(self) -> None:
        jobs = [due_at for _, due_at, *_ in read_rows(self.schedules.db, JOBS)]
        spans = list_missed(self.schedules.db, self.schedule.id)
        assert len(jobs + spans) == len({*jobs, *spans})
        assert {*recurrence.between(self.schedule.recurrence, self.started_at, self.last_tick_at)} <= {*jobs, *spans}

    def perform_random_actions(self) -> None:
        """Perform STEPS random actions, and check the rules after each."""
        actions = (
            *[self.skip_ticks, self.reach_next_occurrence, self.reach_next_occurrence, self.run_pool],
            *[self.set_account_calendar, self.set_account_calendar, self.edit_schedule],
            *[self.retry_all, self.backfill_two_days],
        )
        for _ in range(STEPS):
            self.random.choice(actions)()
            self.check()
        self.open_and_drain()
        self.check()


@contextmanager
def random_run(seed: int) -> Iterator[RandomRun]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        with open_schedules(folder) as schedules:
            yield RandomRun(schedules, seed)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("seed", range(60))
def test_random_run_loses_no_occurrence_and_no_request(seed: int) -> None:
    with random_run(seed) as run:
        run.perform_random_actions()
