"""Random lives of jobs in a real database: after each step, in any order of events, the invariants hold.

Old claims are used again at random, as by a pool that was stopped and wakes.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schedbot.admin.jobs import mark_posted, retry
from schedbot.admin.schedules import pause
from schedbot.errors import BadInput
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.lifecycle import MOVES, Event, after
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import attempt_ends, attempts, claims, pacing, pending, rescue, settlement, unknown
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.store.jobs.unknown import LookUpResult, UnknownJob
from schedbot.store.schedules import schedules, workspaces
from schedbot.worker.state.next_state import RetryBudget, next_state, next_state_by_policy, next_state_when_absent
from tests.support.job_history import NOW, JobHistory
from tests.support.job_invariants import list_counts, list_violations, recount
from tests.support.sql import read_rows

pytestmark = pytest.mark.slow

INTERFERENCES = ("pause", "skip", "pause workspace")
LEASE_MS, WINDOW_MS = 60_000, 9_000
PAIRS = {(before.value, to.value) for (before, _), to in MOVES.items()}
TS = "1796137200.000100"
indexes = st.integers(0, 11)


@dataclass
class PoolClaim:
    """A job as a pool holds it."""

    job: ClaimedJob
    number: int = 0
    sent_at: int | None = None


class LifeOfAJob(RuleBasedStateMachine):
    """Twelve jobs of three schedules in two workspaces."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.now = NOW
        self.claims: list[PoolClaim] = []
        self.look_ups: list[tuple[LookUpResult, JobState]] = []
        history = JobHistory(self.folder / "schedbot.db")
        history.add_workspace("beta")
        self.names = ["one", "two", "three"]
        ids = [history.add_schedule(name, workspace="beta" if name == "three" else "acme") for name in self.names]
        self.jobs = [history.add_job(ids[number % 3], "queued", ago_ms=1_000 + number) for number in range(12)]
        self.db = history.db
        self.session = Session(Settings(None, self.db.path, actor="tester@host"), self.db, lambda: self.now)

    def teardown(self) -> None:
        assert list_counts(self.db) == recount(self.db)
        self.db.close()
        shutil.rmtree(self.folder)

    def dump(self, table: str) -> dict[Any, Any]:
        return {row[:2]: row for row in read_rows(self.db, f"SELECT * FROM {table}")}  # noqa: S608 (a fixed name)

    def states(self) -> dict[int, str]:
        return dict(read_rows(self.db, "SELECT id, state FROM jobs"))

    @contextmanager
    def step(self) -> Iterator[None]:
        """Check that the block moves jobs along the table, and changes no attempt that has ended."""
        before, attempts_before = self.states(), self.dump("attempts")
        yield
        states, attempts_after = self.states(), self.dump("attempts")
        moved = {(before[job], states[job]) for job in before if before[job] != states[job]}
        assert moved <= PAIRS
        assert states.keys() == before.keys()
        ended = {key: row for key, row in attempts_before.items() if row[9] is not None}
        assert {key: attempts_after.get(key) for key in ended} == ended

    def write_under(self, claim: PoolClaim, write: Callable[[], Any]) -> Any:
        """Write under a claim's token. A claim that is lost changes nothing."""
        holds = claims.get_lease_end(self.db, claim.job.id, claim.job.token) is not None
        with self.step():
            before = (self.dump("jobs"), self.dump("attempts"))
            with self.db.writing():
                result = write()
            if not holds:
                assert not result
                assert (self.dump("jobs"), self.dump("attempts")) == before
        return result

    def pick(self, index: int, has_attempt: bool) -> PoolClaim | None:
        """Return a claim with or without an attempt: mostly a current claim, sometimes an old one."""
        fitting = [claim for claim in self.claims if bool(claim.number) == has_attempt]
        current = [claim for claim in fitting if claims.get_lease_end(self.db, claim.job.id, claim.job.token)]
        candidates = current if current and index < 9 else fitting
        return candidates[-1 - index % len(candidates)] if candidates else None

    # -- pools

    @rule(limit=st.integers(1, 3))
    def pool_claims_jobs(self, limit: int) -> None:
        with self.step(), self.db.writing():
            taken = claims.claim(self.db, claims.ClaimRequest(self.now, limit, self.now + LEASE_MS, RoundRobin()))
        self.claims += map(PoolClaim, taken)

    @rule(index=indexes)
    def attempt_begins(self, index: int) -> None:
        if claim := self.pick(index, has_attempt=False):
            start = self.start(claim, self.now)
            if self.write_under(claim, lambda: attempts.begin(self.db, start._replace(held_until=self.now), self.now)):
                claim.number, claim.sent_at = claim.job.attempts + 1, self.now

    @rule(outcome=st.sampled_from([*Outcome, None]), meanwhile=st.sampled_from(["nothing", "nothing", *INTERFERENCES]))
    def job_is_delivered(self, outcome: Outcome | None, meanwhile: str) -> None:
        self.pool_claims_jobs(1)
        self.attempt_begins(0)
        self.person_interferes(0, meanwhile)
        if outcome:
            self.attempt_ends(0, outcome)

    def start(self, claim: PoolClaim, sent_at: int | None) -> attempts.AttemptStart:
        job = claim.job
        return attempts.AttemptStart(job.id, job.token, job.version, job.channel, "pool", self.now, sent_at)

    @rule(index=indexes, outcome=st.sampled_from(Outcome))
    def attempt_ends(self, index: int, outcome: Outcome) -> None:
        claim = self.pick(index, has_attempt=True)
        if claim and outcome is not Outcome.RENDER_FAILED:
            self.write_under(claim, lambda: self.end(claim, outcome))

    @rule(index=indexes)
    def report_fails(self, index: int) -> None:
        claim = self.pick(index, has_attempt=False)

        def write() -> bool:
            assert claim is not None
            attempts.begin(self.db, self.start(claim, None), self.now)
            claim.number = claim.job.attempts + 1
            return self.end(claim, Outcome.RENDER_FAILED)

        if claim:
            self.write_under(claim, write)

    def end(self, claim: PoolClaim, outcome: Outcome) -> bool:
        """End an attempt with its side effects, as the pool does."""
        job = claim.job
        result = AttemptResult(outcome, outcome.value, ts=TS if outcome is Outcome.POSTED else None)
        look_up_at = (claim.sent_at or self.now) + WINDOW_MS
        budget = RetryBudget(job.deadline_at, job.spent, job.max_attempts, look_up_at)
        transition = next_state(result, budget, self.now, lambda: 0.5)
        end = attempt_ends.AttemptEnd(
            job_id=job.id,
            token=job.token,
            number=claim.number,
            ended_at=self.now,
            result=result,
            state=transition.state,
            available_at=transition.available_at,
            spent=transition.spent,
        )
        if attempt_ends.end_all(self.db, [end]) == [None]:
            return False
        if transition.hold_until:
            pacing.postpone_jobs(self.db, job.workspace_id, transition.hold_until, 3_000)
        if transition.pauses_workspace:
            settlement.pause_workspace(self.db, job.workspace_id, "token_revoked", self.now, job.resumes)
        if transition.suspends_schedule:
            settlement.suspend_schedule(self.db, job.schedule_id, job.channel, "is_archived", self.now)
        return True

    @rule(index=indexes, how=st.sampled_from(["release", "expire", "renew"]))
    def claim_is_released_or_renewed(self, index: int, how: str) -> None:
        claim = self.pick(index, has_attempt=how == "renew")
        if claim is None:
            return
        job_id, token = claim.job.id, claim.job.token

        def write() -> int | None:
            if how == "renew":
                return claims.renew(self.db, token, [job_id], self.now + LEASE_MS)
            if how == "expire":
                claims.expire(self.db, job_id, token)
            else:
                claims.release(self.db, job_id, token, self.now)
            return None

        self.write_under(claim, write)

    @rule(ms=st.sampled_from([500, 5_000, LEASE_MS, 20 * 60_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def jobs_of_dead_pool_are_rescued(self) -> None:
        with self.step(), self.db.writing():
            for lease in rescue.list_expired_leases(self.db, self.now, LEASE_MS):
                rescue.rescue_job(self.db, lease.id, lease.token, self.now, WINDOW_MS)

    @rule(index=indexes, has_attempt=st.booleans())
    def child_dies(self, index: int, has_attempt: bool) -> None:
        if claim := self.pick(index, has_attempt):
            job = claim.job
            self.write_under(claim, lambda: rescue.rescue_job(self.db, job.id, job.token, self.now, WINDOW_MS))

    @rule(answer=st.sampled_from(["found", "absent", "hold", "resend", "later"]))
    def history_is_searched(self, answer: str) -> None:
        with self.db.writing():
            taken = unknown.take_due(self.db, self.now, self.now + WINDOW_MS, 10)
        for job in taken:
            recorded = "cannot_ask" if answer in ("hold", "resend") else answer
            result = LookUpResult(job, self.now, recorded, ts=TS if answer == "found" else None)
            self.look_ups.append((result, self.state_after(job, answer)))
            self.look_up_is_settled(-1)

    def state_after(self, job: UnknownJob, answer: str) -> JobState:
        """Return the next state after a look-up. `answer` may be the policy of a history that cannot be searched."""
        budget = RetryBudget(job.deadline_at, job.spent, job.max_attempts, self.now)
        match answer:
            case "found":
                return after(JobState.UNKNOWN, Event.IN_HISTORY)
            case "absent":
                return next_state_when_absent(budget, self.now, lambda: 0.5).state
            case "later":
                return JobState.UNKNOWN
        return next_state_by_policy(budget, answer, self.now).state

    @precondition(lambda self: self.look_ups)
    @rule(index=indexes)
    def look_up_is_settled(self, index: int) -> None:
        """Settle a look-up, also an old one: its job may have another claim or attempt by now."""
        result, state = self.look_ups[index % len(self.look_ups)]
        with self.step(), self.db.writing():
            unknown.record_look_up(self.db, result)
            unknown.settle(self.db, result, state, self.now, None)

    # -- people

    @rule(index=indexes, how=st.sampled_from([*INTERFERENCES, "nothing"]))
    def person_interferes(self, index: int, how: str) -> None:
        with self.step():
            match how:
                case "pause":
                    pause.pause(self.session, [self.names[index % 3]], "", "")
                case "skip":
                    self.skip(index)
                case "pause workspace":
                    with self.db.writing():
                        workspaces.pause(self.db, "acme", "by hand", "tester", self.now)

    def skip(self, index: int) -> None:
        jobs = read_rows(self.db, "SELECT schedule_id, due_at FROM jobs ORDER BY id")
        schedule_id, due_at = jobs[index % len(jobs)]
        with self.db.writing():
            pending.skip(self.db, schedules.by_id(self.db, schedule_id), due_at)

    @rule()
    def all_is_resumed(self) -> None:
        with self.step():
            pause.resume(self.session, self.names)
        with self.step(), self.db.writing():
            workspaces.resume(self.db, "acme", self.now)
            workspaces.resume(self.db, "beta", self.now)

    @rule(stale=st.booleans())
    def failed_jobs_are_retried(self, stale: bool) -> None:
        with self.step():
            list(retry.carry_out(self.session, retry.plan(self.session, Filter(since=0), stale)))

    @rule(index=indexes)
    def job_is_marked_posted(self, index: int) -> None:
        with self.step(), suppress(BadInput):
            mark_posted.mark_posted(self.session, self.jobs[index % 12], TS)

    @invariant()
    def no_invariant_is_violated(self) -> None:
        assert list_violations(self.db) == []


LifeOfAJob.TestCase.settings = settings(deadline=None, max_examples=100, stateful_step_count=50)
TestLifeOfAJob = LifeOfAJob.TestCase
