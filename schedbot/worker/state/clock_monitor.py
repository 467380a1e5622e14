"""Clock monitor: notices that somebody set the clock, and keeps Slack's clock as its answers told it.

After the clock was set, instants that were stored before no longer tell how long ago they were. So look-ups pause until
any message in flight has arrived, look-ups too far ahead are brought forward, and the search window covers both clocks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.store.database import Database
from schedbot.store.jobs import unknown
from schedbot.worker.state.next_state import LONGEST_LOOK_UP_WAIT_MS
from schedbot.worker.state.write_queue import WriteQueue

# A jump of the clock between two turns of the loop from which on it is taken to have been set.
CLOCK_SET_MS = 1_000


@dataclass(slots=True)
class ClockMonitor:
    """The clock of this machine against steady time and against Slack's clock.

    `arrival_limit_ms`: see InFlight. `slack_offset_ms`: Slack's clock minus ours, None before the first answer.
    `set_at`: when the clock was last set, by the clock as it is now; 0: never. `set_back_ms`: sum of the jumps back.
    """

    now: Callable[[], int]
    arrival_limit_ms: int
    slack_offset_ms: int | None = None
    set_at: int = 0
    set_back_ms: int = 0
    _steady_offset_ms: int | None = None
    _no_look_up_before: int = 0  # steady

    def check(self) -> None:
        """Compare the clock with steady time."""
        now, steady = self.now(), steady_ms()
        jump_ms = 0 if self._steady_offset_ms is None else now - steady - self._steady_offset_ms
        self._steady_offset_ms = now - steady
        if abs(jump_ms) < CLOCK_SET_MS:
            return
        log.event("clock_set", "warning", by_ms=jump_ms)
        self.set_at, self._no_look_up_before = now, steady + self.arrival_limit_ms
        self.set_back_ms += max(0, -jump_ms)
        if self.slack_offset_ms is not None:
            self.slack_offset_ms -= jump_ms

    def record_slack_offset(self, offset_ms: int | None) -> None:
        """Keep the offset that an answer told; None is no news."""
        if offset_ms is not None:
            self.slack_offset_ms = offset_ms

    def allows_look_ups(self) -> bool:
        """May histories be asked? Not while a message that was sent before the clock was set may still arrive."""
        return steady_ms() >= self._no_look_up_before

    def bring_look_ups_forward(self, db: Database, writes: WriteQueue) -> None:
        """Bring forward the look-ups whose instant was stored before somebody set the clock back."""
        again_at = self.now() + self.arrival_limit_ms
        too_far = again_at + LONGEST_LOOK_UP_WAIT_MS
        if unknown.has_due_after(db, too_far):
            writes.add(partial(unknown.bring_forward, too_far=too_far, again_at=again_at))
