"""Jobs in a real database, befallen by anything in any order: what must always hold, holds after each step.

Claims of the past are kept and used again: they are what a stopped pool has in hand when it wakes.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from schedbot.store.jobs import attempts, claims, pacing, pending, side_effects, unknown
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.store.jobs.unknown import LookUpResult
from schedbot.store.schedules import schedules, workspaces
from schedbot.worker.state.next_state import RetryBudget, next_state, next_state_by_policy, next_state_when_absent
from tests.support.job_history import NOW, JobHistory
from tests.support.sql import read_rows

INTERFERENCES = ("pause", "skip", "pause workspace")
LEASE_MS, WINDOW_MS = 60_000, 9_000
PAIRS = {(before.value, to.value) for (before, _), to in MOVES.items()}
TS = "1796137200.000100"
WRONG = {
    "a running job is leased, no other is": "SELECT id FROM jobs WHERE (state = 'running') <> (token IS NOT NULL)",
    "one open attempt at most": """
        SELECT job_id FROM attempts WHERE ended_at IS NULL GROUP BY job_id HAVING count(*) > 1""",
    "an open attempt is a running job's": """
        SELECT job_id FROM attempts a JOIN jobs j ON j.id = a.job_id
         WHERE a.ended_at IS NULL AND j.state <> 'running'""",
    "attempts are numbered 1, 2, 3 ...": """
        SELECT id FROM jobs j WHERE (SELECT count(*) FROM attempts a WHERE a.job_id = j.id) <> j.attempts
            OR EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.number NOT BETWEEN 1 AND j.attempts)""",
    "no more is spent than was tried": "SELECT id FROM jobs WHERE spent > attempts",
    "a success names its message": "SELECT id FROM jobs WHERE state = 'succeeded' AND ts IS NULL",
    "nothing waits for a schedule that rests": """
        SELECT j.id FROM jobs j JOIN schedules s ON s.id = j.schedule_id
         WHERE j.state IN ('queued', 'running') AND s.state IN ('paused', 'suspended', 'removed')
           AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.ended_at IS NULL)""",
    "what waits for a paused workspace is parked, and nothing else": """
        SELECT j.id FROM jobs j JOIN workspaces w ON w.id = j.workspace_id
         WHERE j.state = 'queued' AND j.parked <> (w.paused_at IS NOT NULL)""",
}
which = st.integers(0, 11)


@dataclass
class Claim:
    """A job as some pool has it in hand."""

    job: ClaimedJob
    number: int = 0
    sent_at: int | None = None


class LifeOfAJob(RuleBasedStateMachine):
    """Twelve jobs of three schedules in two workspaces."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.now = NOW
        self.claims: list[Claim] = []
        self.answers: list[tuple[LookUpResult, JobState]] = []
        history = JobHistory(self.folder / "schedbot.db")
        history.add_workspace("beta")
        self.names = ["one", "two", "three"]
        ids = [history.add_schedule(name, workspace="beta" if name == "three" else "acme") for name in self.names]
        self.jobs = [history.add_job(ids[number % 3], "queued", ago_ms=1_000 + number) for number in range(12)]
        self.db = history.db
        self.session = Session(Settings(None, self.db.path, actor="tester@host"), self.db, lambda: self.now)

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.folder)

    def dump(self, table: str) -> dict[Any, Any]:
        return {row[:2]: row for row in read_rows(self.db, f"SELECT * FROM {table}")}  # noqa: S608 (a name from below)

    def states(self) -> dict[int, str]:
        return dict(read_rows(self.db, "SELECT id, state FROM jobs"))

    @contextmanager
    def step(self) -> Iterator[None]:
        """Whatever is done inside moves jobs along the table, and leaves what has ended as it was."""
        before, tried = self.states(), self.dump("attempts")
        yield
        states, now_tried = self.states(), self.dump("attempts")
        moved = {(before[job], states[job]) for job in before if before[job] != states[job]}
        assert moved <= PAIRS
        assert states.keys() == before.keys()
        over = {key: row for key, row in tried.items() if row[9] is not None}
        assert {key: now_tried.get(key) for key in over} == over

    def under(self, claim: Claim, write: Callable[[], Any]) -> Any:
        """Write under a claim's token. One that holds no longer changes nothing."""
        holds = claims.get_lease_end(self.db, claim.job.id, claim.job.token) is not None
        with self.step():
            before = (self.dump("jobs"), self.dump("attempts"))
            with self.db.writing():
                told = write()
            if not holds:
                assert not told
                assert (self.dump("jobs"), self.dump("attempts")) == before
        return told

    def pick(self, index: int, begun: bool) -> Claim | None:
        """A claim with an attempt, or without: mostly one that holds, now and then one of the past."""
        fit = [one for one in self.claims if bool(one.number) == begun]
        held = [one for one in fit if claims.get_lease_end(self.db, one.job.id, one.job.token) is not None]
        among = held if held and index < 9 else fit
        return among[-1 - index % len(among)] if among else None

    # -- what pools do

    @rule(limit=st.integers(1, 3))
    def a_pool_claims(self, limit: int) -> None:
        with self.step(), self.db.writing():
            taken = claims.claim(self.db, claims.ClaimRequest(self.now, limit, self.now + LEASE_MS, RoundRobin()))
        self.claims += map(Claim, taken)

    @rule(index=which)
    def an_attempt_begins(self, index: int) -> None:
        if claim := self.pick(index, begun=False):
            begun = self.under(claim, lambda: attempts.begin(self.db, self.start(claim, self.now), self.now, self.now))
            if begun:
                claim.number, claim.sent_at = claim.job.attempts + 1, self.now

    @rule(outcome=st.sampled_from([*Outcome, None]), meanwhile=st.sampled_from(["nothing", "nothing", *INTERFERENCES]))
    def a_job_goes_its_way(self, outcome: Outcome | None, meanwhile: str) -> None:
        self.a_pool_claims(1)
        self.an_attempt_begins(0)
        self.somebody_interferes(0, meanwhile)
        if outcome:
            self.an_attempt_ends(0, outcome)

    def start(self, claim: Claim, sent_at: int | None) -> attempts.AttemptStart:
        job = claim.job
        return attempts.AttemptStart(job.id, job.token, job.version, job.channel, "pool", self.now, sent_at)

    @rule(index=which, outcome=st.sampled_from(Outcome))
    def an_attempt_ends(self, index: int, outcome: Outcome) -> None:
        claim = self.pick(index, begun=True)
        if claim and outcome is not Outcome.RENDER_FAILED:
            self.under(claim, lambda: self.end(claim, outcome))

    @rule(index=which)
    def a_report_fails(self, index: int) -> None:
        claim = self.pick(index, begun=False)

        def write() -> bool:
            assert claim is not None
            attempts.begin(self.db, self.start(claim, None), self.now, 0)
            claim.number = claim.job.attempts + 1
            return self.end(claim, Outcome.RENDER_FAILED)

        if claim:
            self.under(claim, write)

    def end(self, claim: Claim, outcome: Outcome) -> bool:
        """As the pool does it: the verdict, and what follows from it."""
        job = claim.job
        reply = AttemptResult(outcome, outcome.value, ts=TS if outcome is Outcome.POSTED else None)
        look_up_at = (claim.sent_at or self.now) + WINDOW_MS
        budget = RetryBudget(job.deadline_at, job.spent, job.max_attempts, look_up_at)
        transition = next_state(reply, budget, self.now, lambda: 0.5)
        told = (
            job.id,
            job.token,
            claim.number,
            self.now,
            reply,
            transition.state,
            transition.available_at,
            transition.spent,
        )
        if not attempts.end(self.db, attempts.AttemptEnd(*told)):
            return False
        if transition.hold_until:
            pacing.postpone_jobs(self.db, job.workspace_id, transition.hold_until, 3_000)
        if transition.pauses_workspace:
            side_effects.pause_workspace(self.db, job.workspace_id, "token_revoked", self.now, job.resumes)
        if transition.suspends_schedule:
            side_effects.suspend_schedule(self.db, job.schedule_id, job.channel, "is_archived", self.now)
        return True

    @rule(index=which, how=st.sampled_from(["give back", "expire", "renew"]))
    def a_claim_is_let_go_or_renewed(self, index: int, how: str) -> None:
        claim = self.pick(index, begun=how == "renew")
        if claim is None:
            return
        number, token = claim.job.id, claim.job.token

        def write() -> int | None:
            if how == "renew":
                return claims.renew(self.db, token, [number], self.now + LEASE_MS)
            if how == "expire":
                claims.expire(self.db, number, token)
            else:
                claims.release(self.db, [(number, token, self.now)])
            return None

        self.under(claim, write)

    @rule(ms=st.sampled_from([500, 5_000, LEASE_MS, 20 * 60_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def a_pool_that_is_gone_is_succeeded(self) -> None:
        with self.step(), self.db.writing():
            for one in claims.list_expired_leases(self.db, self.now, LEASE_MS):
                unknown.rescue(self.db, one.id, one.token, self.now, WINDOW_MS)

    @rule(index=which, begun=st.booleans())
    def a_child_dies(self, index: int, begun: bool) -> None:
        if claim := self.pick(index, begun):
            job = claim.job
            self.under(claim, lambda: unknown.rescue(self.db, job.id, job.token, self.now, WINDOW_MS))

    @rule(answer=st.sampled_from(["found", "absent", "hold", "resend", "later"]))
    def a_history_is_asked(self, answer: str) -> None:
        with self.db.writing():
            taken = unknown.take_due(self.db, self.now, self.now + WINDOW_MS, 10)
        for job in taken:
            told = "cannot_ask" if answer in ("hold", "resend") else answer
            answered = LookUpResult(job, self.now, told, ts=TS if answer == "found" else None)
            self.answers.append((answered, self.ruled(answered, answer)))
            self.a_look_up_is_settled(-1)

    def ruled(self, answered: LookUpResult, answer: str) -> JobState:
        job = answered.job
        budget = RetryBudget(job.deadline_at, job.spent, job.max_attempts, self.now)
        match answer:
            case "found":
                return after(JobState.UNKNOWN, Event.IN_HISTORY)
            case "absent":
                return next_state_when_absent(budget, self.now, lambda: 0.5).state
            case "later":
                return JobState.UNKNOWN
        return next_state_by_policy(budget, answer, self.now).state

    @precondition(lambda self: self.answers)
    @rule(index=which)
    def a_look_up_is_settled(self, index: int) -> None:
        """Also one that was settled long ago: the job is another's by then, or waits for another attempt's."""
        answered, state = self.answers[index % len(self.answers)]
        with self.step(), self.db.writing():
            unknown.record_look_up(self.db, answered)
            unknown.settle(self.db, answered, state, self.now, None)

    # -- what people do

    @rule(index=which, how=st.sampled_from([*INTERFERENCES, "nothing"]))
    def somebody_interferes(self, index: int, how: str) -> None:
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
            pending.skip(self.db, schedules.by_id(self.db, schedule_id), due_at, "skipped by hand")

    @rule()
    def all_goes_on(self) -> None:
        with self.step():
            pause.resume(self.session, self.names)
        with self.step(), self.db.writing():
            workspaces.resume(self.db, "acme", self.now)
            workspaces.resume(self.db, "beta", self.now)

    @rule(stale=st.booleans())
    def what_failed_is_retried(self, stale: bool) -> None:
        with self.step():
            list(retry.carry_out(self.session, retry.plan(self.session, Filter(), stale)))

    @rule(index=which)
    def a_job_is_marked_as_posted(self, index: int) -> None:
        with self.step(), suppress(BadInput):
            mark_posted.mark_posted(self.session, self.jobs[index % 12], TS)

    @invariant()
    def nothing_is_wrong(self) -> None:
        for rule_kept, sql in WRONG.items():
            assert read_rows(self.db, sql) == [], rule_kept


LifeOfAJob.TestCase.settings = settings(deadline=None, max_examples=100, stateful_step_count=50)
TestLifeOfAJob = LifeOfAJob.TestCase
