"""Turns of a channel for posts outside the queue: after posts in flight, and a second after unwritten ones."""

import pytest

from schedbot.admin.workspaces import channel_turns
from schedbot.errors import SchedbotError
from schedbot.model import JobState, Outcome
from schedbot.rules.channel_pace import PACE_MS, find_hold_ms
from schedbot.store.jobs import attempts, pacing
from schedbot.store.jobs.claims import ClaimedJob
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


@pytest.fixture
def worker(schedules: Schedules) -> Worker:
    """A worker that is alone, with a job that is due."""
    schedules.add()
    schedules.utc = "2026-12-01 09:00:00"
    return Worker(schedules.db, ms(schedules.utc))


def begin_alone(worker: Worker) -> ClaimedJob:
    """Begin an attempt that holds its channel in no table of holds."""
    job = worker.claim_one()
    with worker.db.writing():
        assert attempts.begin_all(worker.db, [worker.start(job)], worker.now, is_sharing=False)
    return job


def test_turn_comes_after_a_post_in_flight(schedules: Schedules, worker: Worker) -> None:
    begin_alone(worker)
    with pytest.raises(SchedbotError, match=f"Other posts keep {CHANNEL} busy"):
        take(schedules)
    hold_ms = find_hold_ms(schedules.session.settings.timeout_ms)
    workspace_id = schedules.db.text("SELECT id FROM workspaces")
    free_at = pacing.get_open_hold_end(schedules.db, workspace_id, CHANNEL, worker.now, hold_ms)
    assert free_at == worker.now + hold_ms


def test_turn_comes_as_soon_as_the_post_in_flight_has_ended(schedules: Schedules, worker: Worker) -> None:
    job = begin_alone(worker)
    [workspace] = workspaces.list_all(schedules.db)
    waits: list[float] = []

    def end_post(seconds: float) -> None:
        waits.append(seconds)
        worker.end(job, Outcome.POSTED, JobState.SUCCEEDED)

    channel_turns.take(schedules.session, workspace, CHANNEL, 10_000, end_post)
    assert waits == [0.2, 0]


def test_rate_limit_of_the_workspace_is_refused_at_once(schedules: Schedules) -> None:
    now = ms(schedules.utc)
    [workspace] = workspaces.list_all(schedules.db)
    with schedules.db.writing():
        pacing.hold(schedules.db, workspace.id, pacing.POST, "", now, now + 30_000)
    waits: list[float] = []
    with pytest.raises(SchedbotError, match="'default' for another 30 s: rate limit"):
        channel_turns.take(schedules.session, workspace, CHANNEL, 10_000, waits.append)
    assert waits == []


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
