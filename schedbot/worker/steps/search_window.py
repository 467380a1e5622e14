"""Where in a channel's history an attempt is looked for: in its own seconds, by Slack's clock and by ours.

How far our clock was from Slack's is written with the attempt, as Slack's last answer said. Where no answer had come by
then, what is not there is looked for once more, in the history of a whole day: a clock may be wrong, or was set since.
That it was not there is on record, so that pools that take turns at it do not begin anew.
"""

from dataclasses import dataclass, field
from typing import Any

from schedbot.store.jobs.unknown import UnknownJob
from schedbot.worker.state.in_flight import Hand

DAY_MS = 86_400_000  # nobody sets a clock by more
CLOCK_OFF_MS = 30_000  # a look-up goes as far again beyond the attempt's own seconds


@dataclass(slots=True)
class Brackets:
    """The brackets of a pool's look-ups. `since`: when the pool began (ms UTC)."""

    hand: Hand
    since: int
    _in_a_day: dict[tuple[int, int], int] = field(default_factory=dict)  # attempts, each with the end of its bracket

    def sought(self, job: UnknownJob) -> dict[str, Any]:
        """What a child is told of the attempt: its stamp, and between which instants it arrived.

        The later one stays as it is when asked again, so that a look-up of several pages can go on where it ended.
        """
        if job.is_elsewhere and key(job) not in self._in_a_day:
            self.widen(job)
        stamp = {"installation": self.hand.installation, "occurrence": job.occurrence, "attempt": job.number}
        ahead_ms = job.clock_ms if job.clock_ms is not None else self.hand.clock_ms or 0
        until_at = job.sent_at + self.hand.window_ms
        if job.sent_at <= self.hand.set_at:
            until_at = max(until_at, self.hand.set_at + self.hand.window_ms)
        # And by ours: what answers may not be Slack, and its date may be wrong.
        earliest, latest = self.sent_from(job) + min(0, ahead_ms), until_at + max(0, ahead_ms)
        return {"stamp": stamp, "sent_at": earliest, "until_at": self._in_a_day.get(key(job), latest)}

    def sent_from(self, job: UnknownJob) -> int:
        """The earliest instant, by our clock as it is now, at which the attempt may have left."""
        now = self.hand.session.now()
        if job.clock_ms is not None:
            return job.sent_at  # Slack's clock then is known, whatever became of ours
        if job.sent_at > now or key(job) in self._in_a_day:
            return min(job.sent_at, now) - DAY_MS
        return job.sent_at - self.hand.set_back_ms

    def may_be_elsewhere(self, job: UnknownJob, clock_ms: int | None) -> bool:
        """May an attempt that was not found be outside its bracket? Asked once: it is looked for in a day then.

        `clock_ms`: Slack's clock less ours, as it was known when the history was asked.
        """
        if job.clock_ms is not None or key(job) in self._in_a_day:
            return False
        off_ms = abs((self.hand.clock_ms or 0) - (clock_ms or 0))
        if off_ms <= CLOCK_OFF_MS and job.sent_at >= self.since:
            return False
        self.widen(job)
        return True

    def widen(self, job: UnknownJob) -> None:
        """Look for it in a day from now on."""
        until_at = max(self.hand.session.now(), job.sent_at + self.hand.window_ms)
        self._in_a_day[key(job)] = until_at + max(0, self.hand.clock_ms or 0)

    def forget(self, job: UnknownJob) -> None:
        """Its fate is known."""
        self._in_a_day.pop(key(job), None)


def key(job: UnknownJob) -> tuple[int, int]:
    return job.id, job.number
