"""Registration of pools: holds of channels are in the table while another pool is there, and none has to guess."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from schedbot.clock import steady_ms
from schedbot.rules.channel_pace import PACE_MS, find_hold_ms
from schedbot.session import Session
from schedbot.store.jobs import attempt_ends, attempts, claims, pacing, rescue
from schedbot.store.jobs.claims import ClaimRequest
from schedbot.store.jobs.pacing import ChannelKey
from schedbot.store.operations import heartbeats
from schedbot.store.operations.heartbeats import FORGET_MS, POOL_ALIVE_MS
from schedbot.worker.state.registration import FRESH_MS, PoolRegistration
from schedbot.worker.state.send_queue import SendQueue
from tests.store.contract.worker import Worker
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_rows

NOW = ms("2026-12-01 09:00:00")
HOLDS = "SELECT channel, free_at - :now FROM pacing ORDER BY channel"


@dataclass
class PoolAtInstant:
    """A pool at an instant that all pools of a test share."""

    schedules: Schedules
    clock: list[int]
    name: str
    queue: SendQueue = field(default_factory=SendQueue)

    def __post_init__(self) -> None:
        settings = self.schedules.session.settings
        self.session = Session(settings, self.schedules.db, lambda: self.clock[0])
        self.registration = PoolRegistration(self.session, self.name, self.queue)

    def write(self, step: str) -> bool | None:
        """Run a step of the registration in a transaction."""
        with self.session.db.writing():
            result: bool | None = getattr(self.registration, step)(self.session.db)
            return result

    def is_quiet(self) -> bool:
        return self.queue.quiet_until > steady_ms()

    def holds(self) -> list[tuple[object, ...]]:
        """Return the holds of channels, each with the time that is left of it."""
        return read_rows(self.session.db, HOLDS, {"now": self.clock[0]})

    def end_post(self, channel: str) -> None:
        """Know in memory that a post to the channel has ended just now."""
        workspace = self.session.db.text("SELECT id FROM workspaces")
        self.queue.release(ChannelKey(workspace, channel), steady_ms() + PACE_MS)

    @property
    def hold_ms(self) -> int:
        return find_hold_ms(self.session.settings.timeout_ms)

    def begin_attempt(self) -> attempts.AttemptStart:
        """Claim the job that is available, and write the intent to post it as this pool writes it now."""
        db, now = self.session.db, self.clock[0]
        with db.writing():
            is_sharing = self.registration.update_sharing(db)
            [job] = claims.claim(db, ClaimRequest(now, 1, now + 60_000))
            start = attempts.AttemptStart(job.id, job.token, job.version, job.channel, self.name, now, now)
            [result] = attempts.write_intents(
                db, [start._replace(held_until=now + self.hold_ms)], now, is_sharing=is_sharing
            )
            assert result.is_written
        return start


PoolMaker = Callable[[str], PoolAtInstant]


@pytest.fixture
def new_pool(schedules: Schedules) -> PoolMaker:
    clock = [NOW]
    return lambda name: PoolAtInstant(schedules, clock, name)


def test_holds_are_written_from_when_another_pool_starts(schedules: Schedules, new_pool: PoolMaker) -> None:
    schedules.add()
    first, second = new_pool("host:1"), new_pool("host:2")
    first.write("begin")
    start = first.begin_attempt()
    first.end_post("C2")
    assert (first.write("update_sharing"), first.is_quiet(), first.holds()) == (False, False, [])
    first.clock[0] += 300
    second.write("begin")
    assert (second.is_quiet(), second.holds()) == (True, [("C0000000001", first.hold_ms - 300)])
    assert (first.write("update_sharing"), first.is_quiet()) == (True, False)
    [in_flight, (channel, left_ms)] = second.holds()
    assert (in_flight, channel) == (("C0000000001", first.hold_ms - 300), "C2")
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= PACE_MS + 1
    worker = Worker(schedules.db, first.clock[0])
    end = worker.posted_end(start, kept_until=NOW + first.hold_ms)
    with schedules.db.writing():
        attempt_ends.end_all(schedules.db, [end])
    assert first.holds()[0] == ("C0000000001", PACE_MS)  # its own release ends the hold that the other pool wrote
    second.write("end")
    assert first.write("update_sharing") is False


@pytest.mark.parametrize(
    ("age_ms", "is_sharing"), [(POOL_ALIVE_MS - 1, True), (POOL_ALIVE_MS, False)], ids=["a while", "not for ever"]
)
def test_killed_pool_counts_as_registered(new_pool: PoolMaker, age_ms: int, is_sharing: bool) -> None:
    killed, pool = new_pool("host:1"), new_pool("host:2")
    killed.write("begin")
    pool.clock[0] += age_ms
    pool.write("begin")
    assert (pool.write("update_sharing"), pool.is_quiet()) == (is_sharing, is_sharing)


@pytest.mark.parametrize(("age_ms", "pools"), [(FORGET_MS, ["host:1", "host:2"]), (FORGET_MS + 1, ["host:2"])])
def test_killed_pool_is_forgotten_after_a_day(new_pool: PoolMaker, age_ms: int, pools: list[str]) -> None:
    killed, pool = new_pool("host:1"), new_pool("host:2")
    killed.write("begin")
    pool.clock[0] += age_ms
    pool.write("beat")
    assert [row.name for row in heartbeats.list_pools(pool.session.db)] == pools


def test_killed_pool_of_the_same_name_is_no_other_pool(new_pool: PoolMaker) -> None:
    new_pool("host:1").write("begin")
    pool = new_pool("host:1")
    pool.write("begin")
    assert (pool.is_quiet(), pool.write("update_sharing")) == (True, False)


@pytest.mark.parametrize("step", ["beat", "update_sharing"])
@pytest.mark.parametrize("cause", ["it was stopped", "its row is gone"])
def test_pool_that_was_out_of_sight_registers_anew(new_pool: PoolMaker, step: str, cause: str) -> None:
    pool, other = new_pool("host:1"), new_pool("host:2")
    pool.write("begin")
    pool.clock[0] += FRESH_MS
    other.write("begin")
    if cause == "its row is gone":
        with pool.session.db.writing():
            pool.session.db.execute("DELETE FROM heartbeats WHERE name = 'host:1'")
    assert not pool.is_quiet()
    pool.write(step)
    assert (pool.is_quiet(), pool.write("update_sharing"), other.write("update_sharing")) == (True, True, True)


def test_pool_that_ends_leaves_the_holds_of_its_last_second(schedules: Schedules, new_pool: PoolMaker) -> None:
    schedules.add()
    pool, later = new_pool("host:1"), new_pool("host:2")
    pool.write("begin")
    pool.begin_attempt()
    pool.end_post("C2")
    pool.write("end")
    later.write("begin")
    assert not later.is_quiet()
    assert [channel for channel, _ in later.holds()] == ["C0000000001", "C2"]


def test_post_of_a_dead_poster_holds_its_channel(schedules: Schedules, new_pool: PoolMaker) -> None:
    schedules.add()
    pool = new_pool("host:1")
    pool.write("begin")
    start = pool.begin_attempt()
    with schedules.db.writing():
        rescue.rescue_job(schedules.db, start.job_id, start.token, NOW, pool.hold_ms)
    workspace = schedules.db.text("SELECT id FROM workspaces")
    assert pacing.get_free_at(schedules.db, workspace, pacing.POST, start.channel, NOW) == NOW + pool.hold_ms
