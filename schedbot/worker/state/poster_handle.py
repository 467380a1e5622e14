"""A seat is a child that posts, and what it has in hand."""

from typing import Any

from schedbot.worker.children import poster
from schedbot.worker.children.child_process import Kin
from schedbot.worker.children.poster import Conditions
from schedbot.worker.state.send_queue import Delivery

# A child starts anew after so many jobs: what leaks does not add up for ever.
JOBS_OF_A_CHILD = 20_000


class Seat(Kin):
    """One child that posts. `hand` are the posts that it was given, by key; `asks` the look-ups."""

    def __init__(self, conditions: Conditions) -> None:
        super().__init__(poster.run, *conditions)
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

    def is_silent(self, since: int, asked_since: int) -> bool:
        """Has it owed an answer to a post, or to a look-up, since before these instants (steady milliseconds)?"""
        owed = any(0 < one.said_at < since and not one.answered for one in self.hand.values())
        return owed or any(one.since < asked_since for one in self.asks.values())

    def take(self, delivery: Delivery) -> None:
        """Keep a place for a post that is about to leave."""
        self.taken += 1
        self.hand[delivery.key] = delivery
        delivery.seat = self
