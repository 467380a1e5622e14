"""Cache of the instants of recurrences in a window: many schedules share a recurrence, and memory stays bounded."""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice

from schedbot.model import Recurrence
from schedbot.rules import recurrence as rules
from schedbot.rules.expected_occurrences import TimeSpan
from schedbot.store.database import Database
from schedbot.store.schedules import recurrences

MOST_OF_RULE = 50_000  # a recurrence with more instants in the window is computed anew for each schedule
MOST_IN_ALL = 1_000_000  # 8 MB


class InstantCache:
    """Instants by the id of their recurrence. Those used least recently are forgotten."""

    def __init__(self, db: Database, window: TimeSpan) -> None:
        self.db = db
        self.window = window
        self.rules: dict[int, Recurrence] = {}
        self.instants: OrderedDict[int, array[int] | None] = OrderedDict()
        self.size = 0

    def rule(self, recurrence_id: int) -> Recurrence:
        """Return the recurrence of an id."""
        if recurrence_id not in self.rules:
            if len(self.rules) >= MOST_OF_RULE:
                self.rules.clear()
            self.rules[recurrence_id] = recurrences.by_id(self.db, recurrence_id).rule
        return self.rules[recurrence_id]

    def between(self, recurrence_id: int, after: int, until: int) -> Iterable[int]:
        """Return the instants after `after`, up to and including `until`, inside the window."""
        if recurrence_id in self.instants:
            self.instants.move_to_end(recurrence_id)
        else:
            self.read(recurrence_id)
        instants = self.instants[recurrence_id]
        if instants is None:
            return rules.between(self.rule(recurrence_id), after, until)
        first, end = bisect_right(instants, after), bisect_right(instants, until)
        return instants if first == 0 and end == len(instants) else instants[first:end]

    def is_instant(self, recurrence_id: int, due_at: int) -> bool:
        """Is the instant one of the recurrence, inside the window or not?"""
        return rules.next_after(self.rule(recurrence_id), due_at - 1) == due_at

    def read(self, recurrence_id: int) -> None:
        all_instants = rules.between(self.rule(recurrence_id), self.window.after, self.window.until)
        instants = array("q", islice(all_instants, MOST_OF_RULE + 1))
        self.instants[recurrence_id] = instants if len(instants) <= MOST_OF_RULE else None
        self.size += min(len(instants), MOST_OF_RULE)
        while self.size > MOST_IN_ALL:
            _, oldest = self.instants.popitem(last=False)
            self.size -= MOST_OF_RULE if oldest is None else len(oldest)
