"""Turns of a channel for posts outside the queue: one at a time, and a second apart from those of the pools.

A turn is reserved in the table of holds, where pools see it before they post. A pool that is alone writes no holds of
its own there: its posts in flight are known by their attempts, and those that ended within the last second only to
itself. So while a pool is registered, a second passes between the reservation and the post.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from schedbot import times
from schedbot.clock import steady_ms
from schedbot.errors import SchedbotError
from schedbot.rules.channel_pace import PACE_MS, find_hold_ms
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from schedbot.store.operations import heartbeats
from schedbot.store.schedules.workspaces import Workspace

POLL_MS = 200
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """A reservation of a channel. `waits`: a pool may have posted there within the last second."""

    workspace_id: str
    channel: str
    until: int
    waits: bool


def take(session: Session, workspace: Workspace, channel: str, max_wait_ms: int, sleep: Sleep = time.sleep) -> Turn:
    """Wait until the channel is free, and reserve it for one post. Raises SchedbotError if it is not free in time.

    A post in flight holds its channel for its time-out, or until Slack's answer, which may come at any moment: hence
    the polling. A rate limit of the workspace has a known end.
    """
    wait_until = steady_ms() + max_wait_ms
    while True:
        now = session.now()
        free_at = find_free_at(session, workspace.id, channel, now)
        limit_ms = pacing.get_free_at(session.db, workspace.id, pacing.POST, "", now) - now
        if limit_ms > max_wait_ms:
            raise rate_limited(workspace, limit_ms)
        if free_at <= now:
            with session.db.writing():
                turn = reserve(session, workspace.id, channel)
            if turn:
                wait_for_pools(session, turn, sleep)
                return turn
        elif steady_ms() > wait_until:
            raise SchedbotError(f"Other posts keep {channel} busy.", "Try again later, or use another channel.")
        sleep(max(0, min(free_at - now, POLL_MS)) / 1000)


def wait_for_pools(session: Session, turn: Turn, sleep: Sleep) -> None:
    """Wait until the pools' last posts are a second ago. An interrupted wait frees the channel: nothing was posted."""
    try:
        sleep(PACE_MS / 1000 if turn.waits else 0)
    except BaseException:
        with session.db.writing():
            now = session.now()
            pacing.release(session.db, pacing.ChannelRelease(turn.workspace_id, turn.channel, now, turn.until), now)
        raise


def reserve(session: Session, workspace_id: str, channel: str) -> Turn | None:
    """Hold the channel until a post must have arrived. None: it is not free. Inside a transaction."""
    now = session.now()
    if find_free_at(session, workspace_id, channel, now) > now:
        return None
    until = now + PACE_MS + find_hold_ms(session.settings.timeout_ms)
    pacing.hold(session.db, workspace_id, pacing.POST, channel, now, until)
    return Turn(workspace_id, channel, until, heartbeats.may_pool_post(session.db, now))


def find_free_at(session: Session, workspace_id: str, channel: str, now: int) -> int:
    """Return the instant from which the channel is free, as far as it is written anywhere."""
    hold_ms = find_hold_ms(session.settings.timeout_ms)
    return max(
        pacing.get_free_at(session.db, workspace_id, pacing.POST, channel, now),
        pacing.get_open_hold_end(session.db, workspace_id, channel, now, hold_ms),
    )


def end(db: Database, turn: Turn, now: int) -> None:
    """Free the channel a second after the answer. Inside a transaction."""
    pacing.release(db, pacing.ChannelRelease(turn.workspace_id, turn.channel, now + PACE_MS, turn.until), now)


def rate_limited(workspace: Workspace, wait_ms: int) -> SchedbotError:
    """Return the error for a workspace whose posts Slack limits."""
    duration = times.format_duration(wait_ms)
    problem = f"Slack takes no posts from the workspace '{workspace.name}' for another {duration}: rate limit."
    return SchedbotError(problem, "Try again after that.")
