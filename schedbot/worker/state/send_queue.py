"""Which message may leave when: one in flight a channel, a second after the last, none while its workspace is held.

Times here are monotonic milliseconds: a clock that is set makes nobody late or early. Only the pool's own posts are
known here; the guard for all pools is `pacing` in the database.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

from schedbot.model import Message, TokenSource
from schedbot.store.jobs.claims import ClaimedJob

PACE_MS = 1_000
Place = tuple[str, str]  # workspace, channel
KEYS = count(1)


@dataclass(slots=True, eq=False)
class Delivery:
    """A job in hand, and how far it is: claimed, rendered, on its way with a child."""

    job: ClaimedJob
    source: TokenSource
    started_at: int
    message: Message | None = None
    seat: Any = None
    number: int = 0
    sent_at: int | None = None
    sent_mono: int = 0
    kept_until: int = 0  # its channel, in `pacing`
    said_at: int = 0  # steady: when its child was told to post; 0: not yet, so it owes no answer
    answered: bool = False
    over: bool = False
    lost_a_press: bool = False  # one that rendered it was killed from outside
    key: int = field(default_factory=KEYS.__next__)  # a job that was taken back may be in hand twice for a moment

    @property
    def place(self) -> Place:
        """Where it goes."""
        return self.job.workspace_id, self.job.channel


@dataclass(slots=True)
class Departures:
    """Deliveries that are rendered and wait for their instant."""

    _heap: list[tuple[int, int, Delivery]] = field(default_factory=list)
    _busy: set[Place] = field(default_factory=set)
    _queues: dict[Place, deque[Delivery]] = field(default_factory=dict)
    _free_at: dict[Place, int] = field(default_factory=dict)
    _held_until: dict[str, int] = field(default_factory=dict)
    _order: Any = field(default_factory=count)

    def earliest(self, place: Place, at: int) -> int:
        """From when on, as far as is known, one more may leave for that channel, not before `at`."""
        return max(at, self._free_at.get(place, 0), self._held_until.get(place[0], 0))

    def add(self, delivery: Delivery, at: int) -> None:
        """Let it leave from `at` on."""
        heappush(self._heap, (at, next(self._order), delivery))

    def leaving(self, now: int, most: int) -> list[Delivery]:
        """Up to `most` that may leave now, at most one for each channel. Their channels are busy until `freed`."""
        going: list[Delivery] = []
        while len(going) < most and self._heap and self._heap[0][0] <= now:
            delivery = heappop(self._heap)[2]
            if delivery.over:
                continue
            place = delivery.place
            at = max(self._free_at.get(place, 0), self._held_until.get(place[0], 0))
            if place in self._busy:
                self._queues.setdefault(place, deque()).append(delivery)
            elif at > now:
                self.add(delivery, at)
            else:
                self._busy.add(place)
                going.append(delivery)
        return going

    def freed(self, place: Place, free_at: int) -> None:
        """A channel's post is over; the next may leave from `free_at` on."""
        self._busy.discard(place)
        self._free_at[place] = free_at
        queue = self._queues.get(place)
        while queue:
            following = queue.popleft()
            if not following.over:
                self.add(following, free_at)
                break
        if not queue:
            self._queues.pop(place, None)

    def hold(self, workspace_id: str, until: int) -> None:
        """Nothing leaves for the workspace before `until`."""
        self._held_until[workspace_id] = max(until, self._held_until.get(workspace_id, 0))

    def next_instant(self) -> int | None:
        """When the next one may leave, as far as it is known."""
        return self._heap[0][0] if self._heap else None

    def forget(self, now: int) -> None:
        """Drop what is free again and held no longer."""
        self._free_at = {place: at for place, at in self._free_at.items() if at >= now}
        self._held_until = {workspace: until for workspace, until in self._held_until.items() if until >= now}
