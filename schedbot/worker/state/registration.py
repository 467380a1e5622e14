"""Registration of a pool: its row among the heartbeats, by which pools know of each other.

A pool that is alone keeps the holds of its posts in memory. While another pool is registered, it writes them for that
one too (`store/jobs/pacing.py`). Each transaction that writes intents or ends looks up which pools are registered:

- Another pool is new: first the holds of all posts in flight are written, and those of the channels that are not free.
- This pool's own heartbeat is old or gone, because it was stopped or the clock was set: others may have posted as if
  they were alone. It registers anew.

A pool that registers beside another sends nothing for a second: posts of the other that ended within the last second
have no hold in the table, and those that end later have one. A killed pool counts as registered for POOL_ALIVE_MS.
"""

from dataclasses import dataclass, field

from schedbot.clock import steady_ms
from schedbot.rules.channel_pace import PACE_MS, find_hold_ms
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from schedbot.store.operations import heartbeats
from schedbot.worker.state.send_queue import SendQueue

# Less than POOL_ALIVE_MS: while others count this pool as alive, it does so itself.
FRESH_MS = 60_000


@dataclass(slots=True)
class PoolRegistration:
    """This pool among the registered ones. All methods run inside a transaction that writes."""

    session: Session
    pool_name: str
    send_queue: SendQueue
    started_at: int = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.session.now()

    def begin(self, db: Database) -> None:
        """Register the pool, before it claims anything. A row of its own name is one of a killed pool."""
        if heartbeats.may_pool_post(db, self.session.now()):
            self.be_quiet()
        self.enter(db)

    def beat(self, db: Database) -> None:
        """Write the heartbeat, and delete those of pools that were killed long ago."""
        now = self.session.now()
        self.update_sharing(db)
        heartbeats.beat(db, "pool", self.pool_name, self.started_at, now)
        heartbeats.delete_old_pools(db, now)

    def update_sharing(self, db: Database) -> bool:
        """Write this pool's holds of channels when another pool appears. Return whether another is registered."""
        now, is_fresh, is_sharing, has_others = self.session.now(), False, False, False
        for pool in heartbeats.list_pools(db):
            if pool.name == self.pool_name:
                is_fresh, is_sharing = pool.beat_at > now - FRESH_MS, bool(pool.is_sharing)
            elif pool.counts_as_alive(now):
                has_others = True
        if not is_fresh:
            self.be_quiet()
            self.enter(db)
            is_sharing = False
        if has_others is not is_sharing:
            heartbeats.set_sharing(db, self.pool_name, has_others)
            if has_others:
                self.write_holds(db, now)
        return has_others

    def end(self, db: Database) -> None:
        """Delete the registration of a pool that ends in good order. The next one may start at once."""
        heartbeats.delete(db, "pool", self.pool_name)
        self.write_holds(db, self.session.now())

    def enter(self, db: Database) -> None:
        """Write a new heartbeat, and the holds of posts that others have in flight."""
        now = self.session.now()
        heartbeats.beat(db, "pool", self.pool_name, self.started_at, now)
        heartbeats.set_sharing(db, self.pool_name, False)
        pacing.hold_for_open_attempts(db, now, self.hold_ms)

    def be_quiet(self) -> None:
        """Send nothing for a second, also if this transaction fails."""
        self.send_queue.quiet_until = steady_ms() + PACE_MS

    def write_holds(self, db: Database, now: int) -> None:
        """Write the holds of this pool's channels: of posts in flight, and for a second after the others."""
        steady = steady_ms()
        pacing.hold_for_open_attempts(db, now, self.hold_ms)
        unfree = self.send_queue.list_unfree(steady)
        pacing.hold_channels(db, {channel: now + at - steady + 1 for channel, at in unfree.items()}, now)

    @property
    def hold_ms(self) -> int:
        return find_hold_ms(self.session.settings.timeout_ms)
