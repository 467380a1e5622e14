"""Turns of a channel for posts outside the queue: after posts in flight, and a second after unwritten ones."""

import pytest

from schedbot.admin.workspaces import channel_turns
from schedbot.errors import SchedbotError
from schedbot.rules.channel_pace import PACE_MS, find_hold_ms
from schedbot.store.jobs import pacing
from schedbot.store.operations import heartbeats
from schedbot.store.schedules import workspaces
from tests.store.contract.worker import Worker
from tests.support.schedules import Schedules, ms

CHANNEL = "C0000000001"


def take(schedules: Schedules) -> float:
    """Take a turn of the channel, and return how many seconds it waited. Raises SchedbotError if it is not free."""
    waited: list[float] = []
    [workspace] = workspaces.list_all(schedules.db)
    channel_turns.take(schedules.session, workspace, CHANNEL, 0, waited.append)
    return sum(waited)


def test_turn_is_taken_by_one_post_at_a_time(schedules: Schedules) -> None:
    assert take(schedules) == 0
    with pytest.raises(SchedbotError):
        take(schedules)


def test_turn_begins_a_second_later_while_a_pool_runs(schedules: Schedules) -> None:
    now = ms(schedules.utc)
    with schedules.db.writing():
        heartbeats.beat(schedules.db, "pool", "host:1", now, now - heartbeats.POOL_ALIVE_MS + 1)
    assert take(schedules) == PACE_MS / 1000


def test_turn_comes_after_a_post_in_flight(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-01 09:00:00"
    worker = Worker(schedules.db, ms(schedules.utc))
    worker.begin(worker.claim_one())
    with schedules.db.writing():
        pacing.delete_expired(schedules.db, worker.now + PACE_MS + 1)  # the pool is alone
    with pytest.raises(SchedbotError):
        take(schedules)
    hold_ms = find_hold_ms(schedules.session.settings.timeout_ms)
    workspace_id = schedules.db.text("SELECT id FROM workspaces")
    free_at = pacing.get_open_hold_end(schedules.db, workspace_id, CHANNEL, worker.now, hold_ms)
    assert free_at == worker.now + hold_ms


def test_interrupted_turn_frees_the_channel(schedules: Schedules) -> None:
    now = ms(schedules.utc)
    with schedules.db.writing():
        heartbeats.beat(schedules.db, "pool", "host:1", now, now)
    [workspace] = workspaces.list_all(schedules.db)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        channel_turns.take(schedules.session, workspace, CHANNEL, 0, interrupt)
    assert pacing.get_free_at(schedules.db, workspace.id, pacing.POST, CHANNEL, now) <= now
