"""A pool as the store sees it: claims, attempts and results, at instants set by the test."""

from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.channel_pace import PACE_MS
from schedbot.store.database import Database
from schedbot.store.jobs import attempt_ends, attempts, claims, rescue, unknown
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.store.jobs.pacing import ChannelRelease
from tests.support.schedules import ms

DUE_AT = ms("2026-12-01 09:00:00")
LEASE_MS = 60_000
WINDOW_MS = 9_000
TS = "1796115600.000100"


@dataclass
class Worker:
    """One worker of the queue. `now` is UTC milliseconds."""

    db: Database
    now: int = DUE_AT

    def claim(self, limit: int = 100, turns: RoundRobin | None = None) -> list[ClaimedJob]:
        """Claim up to `limit` jobs that are available now."""
        with self.db.writing():
            return claims.claim(self.db, claims.ClaimRequest(self.now, limit, self.now + LEASE_MS, turns))

    def claim_one(self) -> ClaimedJob:
        """Claim the only job that is available."""
        [job] = self.claim()
        return job

    def start(self, job: ClaimedJob, *, sent: bool = True) -> attempts.AttemptStart:
        """Return an attempt that begins now."""
        sent_at = self.now if sent else None
        held_until = self.now + PACE_MS
        terms = (job.id, job.token, job.version, job.channel, "worker", self.now, sent_at)
        return attempts.AttemptStart(*terms, held_until=held_until)

    def begin_all(self, jobs: Sequence[ClaimedJob]) -> list[attempts.IntentResult]:
        """Write attempts that are about to be sent, all at once."""
        starts = [self.start(job) for job in jobs]
        with self.db.writing():
            return attempts.write_intents(self.db, starts, self.now)

    def begin(self, job: ClaimedJob, sent: bool = True) -> bool:
        """Write an attempt; with `sent`, its request is about to leave. False: nothing was written."""
        with self.db.writing():
            return attempts.begin(self.db, self.start(job, sent=sent), self.now)

    def end(self, job: ClaimedJob, outcome: Outcome, state: JobState, number: int = 1) -> str | None:
        """Write how an attempt ended, and the job's next state. Returns the state, None where nothing was written."""
        [written] = self.end_all([job], outcome, state, number)
        return written

    def end_all(
        self, jobs: Sequence[ClaimedJob], outcome: Outcome, state: JobState, number: int = 1
    ) -> list[JobState | None]:
        """Write how attempts ended, all at once. Returns the states that were written."""
        result = AttemptResult(outcome, None, ts=TS if outcome is Outcome.POSTED else None)
        ends = [
            attempt_ends.AttemptEnd(job.id, job.token, number, self.now, result, state, self.now, number)
            for job in jobs
        ]
        with self.db.writing():
            return attempt_ends.end_all(self.db, ends)

    def posted_end(self, start: attempts.AttemptStart, kept_until: int) -> attempt_ends.AttemptEnd:
        """Return the end of an attempt, whose message is posted now and frees its channel."""
        workspace_id = self.db.text("SELECT workspace_id FROM jobs WHERE id = :id", {"id": start.job_id})
        release = ChannelRelease(workspace_id, start.channel, self.now + PACE_MS, kept_until)
        result = AttemptResult(Outcome.POSTED, None, ts=TS)
        return attempt_ends.AttemptEnd(
            start.job_id, start.token, 1, self.now, result, JobState.SUCCEEDED, self.now, 1, release=release
        )

    def post(self, job: ClaimedJob) -> str | None:
        """Begin an attempt and end it as posted."""
        assert self.begin(job)
        return self.end(job, Outcome.POSTED, JobState.SUCCEEDED)

    def lose(self, job: ClaimedJob) -> str | None:
        """Write that the worker of the job is gone. Returns the job's state."""
        with self.db.writing():
            return rescue.rescue_job(self.db, job.id, job.token, self.now, WINDOW_MS)

    def take_look_ups(self, now: int) -> list[unknown.UnknownJob]:
        """Take the look-ups that are due."""
        with self.db.writing():
            return unknown.take_due(self.db, now, now + WINDOW_MS, 10)

    def settle(self, job: unknown.UnknownJob, answer: str, state: JobState, ts: str | None = None) -> str | None:
        """Write the result of a look-up. Returns the job's state, None where another worker was first."""
        with self.db.writing():
            return unknown.settle(
                self.db, unknown.LookUpResult(job, self.now, answer, ts=ts), state, DUE_AT + WINDOW_MS, None
            )
