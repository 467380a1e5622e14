"""A seat is the parent's side of one child: its process, its wire, and the deliveries it has in hand."""

import multiprocessing
import socket
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Any

from schedbot.worker import child
from schedbot.worker.child import Conditions
from schedbot.worker.departures import Delivery
from schedbot.worker.wire import Wire

# A child starts anew after so many jobs: whatever a report leaks does not add up for ever.
JOBS_OF_A_CHILD = 20_000
NUMBERS = count(1)


@dataclass(eq=False, slots=True)
class Seat:
    """One child and what it has in hand."""

    number: int
    process: BaseProcess
    wire: Wire
    ready: bool = False
    taken: int = 0
    hand: dict[int, Delivery] = field(default_factory=dict)
    asks: dict[int, Any] = field(default_factory=dict)

    @property
    def retiring(self) -> bool:
        """Has it had its share of jobs?"""
        return self.taken >= JOBS_OF_A_CHILD

    @property
    def idle(self) -> bool:
        return not self.hand and not self.asks

    def give(self, delivery: Delivery, saying: dict[str, Any]) -> None:
        """Hand a job to the child."""
        self.taken += 1
        self.hand[delivery.job.id] = delivery
        self.wire.say(saying)

    def end(self) -> None:
        """Let the child go: it ends at the end of its socket."""
        self.wire.close()

    def kill(self) -> None:
        """End the child now."""
        self.process.kill()
        self.wire.close()


def take_seat(conditions: Conditions) -> Seat:
    """Start a child. Spawned, not forked: it has nothing of the parent but its socket."""
    ours, theirs = socket.socketpair()
    process = multiprocessing.get_context("spawn").Process(target=child.run, args=(theirs, conditions), daemon=True)
    process.start()
    theirs.close()
    return Seat(next(NUMBERS), process, Wire(ours))
