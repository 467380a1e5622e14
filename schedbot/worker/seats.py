"""A seat is a child that posts, and what it has in hand."""

from typing import Any

from schedbot.worker import child
from schedbot.worker.child import Conditions
from schedbot.worker.departures import Delivery
from schedbot.worker.kin import Kin

# A child starts anew after so many jobs: what leaks does not add up for ever.
JOBS_OF_A_CHILD = 20_000


class Seat(Kin):
    """One child that posts. `hand` are the posts that it was given, `asks` the look-ups."""

    def __init__(self, conditions: Conditions) -> None:
        super().__init__(child.run, conditions)
        self.taken = 0
        self.hand: dict[int, Delivery] = {}
        self.asks: dict[int, Any] = {}

    @property
    def retiring(self) -> bool:
        """Has it had its share of jobs?"""
        return self.taken >= JOBS_OF_A_CHILD

    @property
    def idle(self) -> bool:
        return not self.hand and not self.asks

    def take(self, delivery: Delivery) -> None:
        """Keep a place for a post that is about to leave."""
        self.taken += 1
        self.hand[delivery.job.id] = delivery
        delivery.seat = self
