"""Circumstances in which jobs wait or are missed, read once for many jobs: outage, rate limits, pools and ticks."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schedbot.session import Session
from schedbot.store.jobs import outage, pacing
from schedbot.store.operations import heartbeats, passing_failures
from schedbot.store.operations.heartbeats import TickGap


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Circumstances of all jobs at `now`.

    `unanswered`: posts in a row that got no answer from Slack; `held_until`: end of a rate limit, by workspace id;
    `gaps`: times without a tick, in order; `token_problems`: why a workspace has no token for now, by workspace id.
    """

    now: int
    unanswered: int = 0
    has_pool: bool = True
    held_until: Mapping[str, int] = field(default_factory=dict)
    gaps: Sequence[TickGap] = ()
    token_problems: Mapping[str, str] = field(default_factory=dict)

    def find_gap(self, due_at: int) -> TickGap | None:
        """Return the time without a tick in which an occurrence was due, or None."""
        place = bisect_right(self.gaps, due_at, key=lambda gap: gap.started_at) - 1
        gap = self.gaps[place] if place >= 0 else None
        return gap if gap and due_at <= gap.ended_at else None


def read_circumstances(session: Session) -> Circumstances:
    """Read the circumstances from the database."""
    db, now = session.db, session.now()
    return Circumstances(
        now=now,
        unanswered=outage.count_failures(db, now),
        has_pool=heartbeats.is_pool_alive(db, now),
        held_until=pacing.list_holds(db, now),
        gaps=heartbeats.list_gaps(db),
        token_problems={
            failure.workspace_id: failure.detail
            for failure in passing_failures.list_recent(db, now)
            if failure.workspace_id
        },
    )
