"""Failures that may pass by themselves: of this machine, and of token sources. Jobs wait, with growing pauses.

They use up no attempt and are no outage of Slack. A failure is logged once, and again only after it had passed. A
token source that fails for PATIENCE_MS pauses its workspace for a person. Instants are UTC milliseconds.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from schedbot import log
from schedbot.model import TOKEN_UNAVAILABLE, AttemptResult
from schedbot.slack.machine_errors import is_machine_error
from schedbot.slack.remedies import START_CODES, explain_passing_failure
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.operations import passing_failures as record
from schedbot.store.operations.passing_failures import FORGET_MS, PassingFailure
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.state.write_queue import WriteQueue

FIRST_PAUSE_MS = 2_000
LONGEST_PAUSE_MS = 90_000  # longer than a drain waits for a job
PATIENCE_MS = 300_000
SETTLED_MS = 20_000  # a machine's failure has passed once posts went out for so long without another


class FailureKey(NamedTuple):
    """A failure's code, and the workspace of a token."""

    code: str
    workspace_id: str


@dataclass(slots=True)
class PassingFailures:
    """Failures that have not passed. `progress_at`: the last post that none of them stopped.

    `resumes_at_pause`: of each workspace that was paused for its token source, the number of its resumes.
    """

    writes: WriteQueue
    failures: dict[FailureKey, PassingFailure] = field(default_factory=dict)
    progress_at: int = 0
    resumes_at_pause: dict[str, int] = field(default_factory=dict)

    def load(self, failures: Iterable[PassingFailure]) -> None:
        """Go on from the record of earlier pools."""
        self.failures = {FailureKey(failure.code, failure.workspace_id): failure for failure in failures}

    def record(self, failure: PassingFailure) -> int:
        """Record a failure. Return the pause before the next try, which grows with the time since the first."""
        key, now = FailureKey(failure.code, failure.workspace_id), failure.failed_at
        earlier = self.failures.get(key)
        is_new = earlier is None or not 0 <= now - earlier.failed_at <= FORGET_MS
        if earlier is not None and not is_new:
            failure = failure._replace(since=min(now, earlier.since))
        self.failures[key] = failure
        self.writes.add(partial(record.save, failure=failure), is_ending=True)
        if is_new:
            log_failure(failure)
        lasted_ms = now - failure.since if failure.workspace_id else now - max(failure.since, self.progress_at)
        return min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, lasted_ms))

    def judge(self, job: ClaimedJob, response: PostResponse, now: int) -> AttemptResult:
        """Return the result, with a pause if it is a failure that may pass by itself."""
        result = response.result
        if result.was_sent:
            self.record_progress(job.workspace_id, now)
            return result
        workspace_id, workspace = (job.workspace_id, job.workspace) if response.is_token_awaited else ("", "")
        was_given_up = workspace_id != "" and self.resumes_at_pause.get(workspace_id) == job.resumes
        if was_given_up or not (response.is_token_awaited or is_machine_error(result)):
            return result
        failure = PassingFailure(result.error or "", workspace_id, workspace, now, now, result.detail or "")
        pause_ms = self.record(failure)
        if self.has_lost_patience(workspace_id, now):
            self.clear(FailureKey(failure.code, workspace_id))
            self.resumes_at_pause[workspace_id] = job.resumes
            return result
        return result._replace(retry_after_ms=pause_ms + int(random.random() * pause_ms / 4))

    def has_lost_patience(self, workspace_id: str, now: int) -> bool:
        """Has the workspace's token been unavailable for so long that a person must look?"""
        failure = self.failures.get(FailureKey(TOKEN_UNAVAILABLE, workspace_id))
        return failure is not None and now - failure.since >= PATIENCE_MS

    def record_progress(self, workspace_id: str, now: int) -> None:
        """Record that the machine and the workspace's token source did their part in a post."""
        self.progress_at = now
        if self.failures:
            self.clear(FailureKey(TOKEN_UNAVAILABLE, workspace_id))

    def clear(self, key: FailureKey) -> None:
        """Forget a failure that has passed."""
        if self.failures.pop(key, None):
            self.writes.add(partial(record.delete, code=key.code, workspace_id=key.workspace_id), is_ending=True)

    def clear_settled(self, now: int, *, is_end: bool = False) -> None:
        """Forget the failures of the machine since which posts went out, or no failure came for long."""
        for key, failure in list(self.failures.items()):
            has_progress = self.progress_at > failure.failed_at and key.code not in START_CODES
            is_settled = has_progress and (is_end or now - failure.failed_at > SETTLED_MS)
            if (is_settled and not key.workspace_id) or now - failure.failed_at > FORGET_MS:
                self.clear(key)

    def stops_claims(self, now: int) -> bool:
        """Does the machine fail at everything, so that a claim only makes more failures?"""
        return any(
            not (key.workspace_id or key.code in START_CODES)
            and self.progress_at <= failure.failed_at
            and 0 <= now - failure.failed_at < FIRST_PAUSE_MS
            for key, failure in self.failures.items()
        )


def waits_by_itself(result: AttemptResult) -> bool:
    """Does the job wait for a failure to pass, which is logged once for all jobs?"""
    return result.retry_after_ms is not None and (is_machine_error(result) or result.error == TOKEN_UNAVAILABLE)


def log_failure(failure: PassingFailure) -> None:
    """Log a failure with its remedy."""
    sentence, remedy = explain_passing_failure(failure.code, failure.workspace, failure.detail)
    if failure.workspace_id:
        log.event("token_awaited", "warning", workspace=failure.workspace, why=failure.detail)
    else:
        log.event("machine_failed", "error", error=failure.code, why=sentence, remedy=remedy)
