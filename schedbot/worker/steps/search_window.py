"""Search window: the part of a channel's history in which an attempt is looked for, by Slack's clock and by ours.

The offset between our clock and Slack's is stored with each attempt, as Slack's last answer told it. Where no answer
had come yet, a post that is not in its own window is looked for once more in the history of a whole day: a clock may be
wrong, or was set since. The first search is on record (`widened`), so that pools that take turns do not repeat it.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from schedbot.posts import MessageMetadata
from schedbot.slack.response_models import SearchedPost
from schedbot.store.jobs.unknown import UnknownJob
from schedbot.worker.state.in_flight import InFlight

DAY_MS = 86_400_000  # nobody sets a clock by more
CLOCK_OFF_MS = 30_000  # a look-up goes as far again beyond the attempt's own seconds


class AttemptKey(NamedTuple):
    """An attempt of a job, by its number."""

    job_id: int
    number: int


@dataclass(slots=True)
class SearchWindows:
    """Search windows of a pool's look-ups. `started_at`: when the pool began (UTC milliseconds)."""

    in_flight: InFlight
    started_at: int
    _wide_until: dict[AttemptKey, int] = field(default_factory=dict)  # end of each window that covers a day

    def searched_post(self, job: UnknownJob) -> SearchedPost:
        """Return the attempt's metadata and window for a poster.

        The end of the window stays the same when it is asked again, so that a look-up of several pages can go on.
        """
        if job.is_widened and key_of(job) not in self._wide_until:
            self.widen(job)
        clock, arrival_limit_ms = self.in_flight.clock, self.in_flight.arrival_limit_ms
        offset_ms = job.clock_ms if job.clock_ms is not None else clock.slack_offset_ms or 0
        until_at = job.sent_at + arrival_limit_ms
        if job.sent_at <= clock.set_at:
            until_at = max(until_at, clock.set_at + arrival_limit_ms)
        # By our clock too: the answer may not be Slack's, and its date may be wrong.
        earliest_at, latest_at = self.earliest_start(job) + min(0, offset_ms), until_at + max(0, offset_ms)
        metadata = MessageMetadata(self.in_flight.installation, job.occurrence, job.number, job.part, job.parts)
        return SearchedPost(metadata, earliest_at, self._wide_until.get(key_of(job), latest_at))

    def earliest_start(self, job: UnknownJob) -> int:
        """Return the first instant, by our clock as it is now, at which the attempt may have been sent."""
        now = self.in_flight.session.now()
        if job.clock_ms is not None:
            return job.sent_at  # Slack's clock was known then, so our own does not matter
        if job.sent_at > now or key_of(job) in self._wide_until:
            return min(job.sent_at, now) - DAY_MS
        return job.sent_at - self.in_flight.clock.set_back_ms

    def widen_if_clock_was_wrong(self, job: UnknownJob, offset_ms: int | None) -> bool:
        """Widen the window of an attempt that was not found, if a clock may have been wrong. At most once.

        `offset_ms`: Slack's clock minus ours, as known at the request.
        """
        if job.clock_ms is not None or key_of(job) in self._wide_until:
            return False
        error_ms = abs((self.in_flight.clock.slack_offset_ms or 0) - (offset_ms or 0))
        if error_ms <= CLOCK_OFF_MS and job.sent_at >= self.started_at:
            return False
        self.widen(job)
        return True

    def widen(self, job: UnknownJob) -> None:
        """Look for the attempt in a whole day from now on."""
        until_at = max(self.in_flight.session.now(), job.sent_at + self.in_flight.arrival_limit_ms)
        self._wide_until[key_of(job)] = until_at + max(0, self.in_flight.clock.slack_offset_ms or 0)

    def forget(self, job: UnknownJob) -> None:
        """Drop the window of an attempt whose outcome is known."""
        self._wide_until.pop(key_of(job), None)


def key_of(job: UnknownJob) -> AttemptKey:
    return AttemptKey(job.id, job.number)
