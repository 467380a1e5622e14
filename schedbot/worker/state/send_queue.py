"""Queue of rendered messages: one in flight per channel, one second between two, none while their workspace is held.

Instants are steady milliseconds, so a clock that is set delays nothing. Only this pool's posts are known here; while
another pool runs, the database keeps the pace between them (`pacing`).
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from schedbot.model import Message, TokenSource
from schedbot.store.jobs.claims import NO_THREAD, ClaimedJob
from schedbot.store.jobs.message_files import StoredFile
from schedbot.store.jobs.pacing import ChannelKey

KEYS = count(1)


@dataclass(slots=True, eq=False)
class Delivery:
    """A claimed job on its way: claimed, rendered, sent. `sent_at` is UTC, `sent_steady` the same instant, steady."""

    job: ClaimedJob
    source: TokenSource
    started_at: int
    message: Message | None = None
    rendered_at: int | None = None  # UTC: instant of the data of its report
    render_ms: int | None = None
    detail: str | None = None  # what the report wrote beside its message
    parts: int = field(init=False)  # of its message
    files: Sequence[StoredFile] = ()  # that its part shows; or the file that it shares
    is_share: bool = False
    attempt: int = 0  # its number, once the intent is on the disk
    sent_at: int | None = None
    sent_steady: int = 0
    start_at: int = 0  # steady: not sent before
    holds_channel: bool = False  # no other post goes to its channel
    channel_held_until: int = 0  # in `pacing`
    requested_at: int = 0  # steady: when the poster got it; 0: not yet, so no response is due
    is_done: bool = False
    has_lost_renderer: bool = False  # a renderer died with it
    is_early: bool = False  # not claimed: its report is rendered before its instant, and nothing is sent
    is_single: bool = False  # its batch took too long, so it is rendered in a request of its own
    key: int = field(default_factory=KEYS.__next__)  # a job that is claimed anew may be here twice for a moment
    channel: ChannelKey = field(init=False)  # that it goes to

    def __post_init__(self) -> None:
        self.channel, self.parts = ChannelKey(self.job.workspace_id, self.job.channel), self.job.parts

    @property
    def part(self) -> int:
        """Number of the part that it sends, from 1 on."""
        return self.job.parts_posted + 1

    @property
    def shows_pictures(self) -> bool:
        """Does its message show an uploaded picture?"""
        return not self.is_share and any(file.file_id for file in self.files)

    @property
    def has_place(self) -> bool:
        """Has its message a place among others: as a part, or in the thread of its schedule?"""
        return self.parts > 1 or self.job.thread is not NO_THREAD

    @property
    def parts_left(self) -> int:
        """Number of the parts that follow."""
        return max(0, self.parts - self.part)


class ScheduledSend(NamedTuple):
    """A delivery and its earliest instant; `order` keeps those of one instant in their order."""

    at: int
    order: int
    delivery: Delivery


@dataclass(slots=True)
class SendQueue:
    """Deliveries that are rendered and wait for their instant: `_scheduled` in the order in which they are sent."""

    _scheduled: list[ScheduledSend] = field(default_factory=list)
    _busy: set[ChannelKey] = field(default_factory=set)
    _waiting: dict[ChannelKey, deque[Delivery]] = field(default_factory=dict)
    _free_at: dict[ChannelKey, int] = field(default_factory=dict)
    _held_until: dict[str, int] = field(default_factory=dict)
    quiet_until: int = 0  # no intent is written before
    _order: Iterator[int] = field(default_factory=count)

    def earliest_at(self, channel: ChannelKey, at: int) -> int:
        """Return the first instant from `at` on at which another post may go to the channel, as far as is known."""
        return max(at, self._free_at.get(channel, 0), self._held_until.get(channel.workspace_id, 0))

    def add(self, delivery: Delivery, at: int) -> None:
        """Queue a delivery to be sent from `at` on."""
        send, scheduled = ScheduledSend(at, next(self._order), delivery), self._scheduled
        if not scheduled or scheduled[-1].at <= at:  # nearly all
            scheduled.append(send)
        else:
            insort(scheduled, send)

    def take_due(self, until: int, limit: int) -> list[Delivery]:
        """Return up to `limit` deliveries to send up to that instant, one per channel at most.

        Each has its instant in `start_at`. Channels are busy until `release`.
        """
        due: list[Delivery] = []
        while len(due) < limit and self._scheduled and self._scheduled[0].at <= until:
            at, _, delivery = self._scheduled.pop(0)
            if delivery.is_done:
                continue
            delivery.start_at = self.earliest_at(delivery.channel, at)
            if delivery.channel in self._busy:
                self._waiting.setdefault(delivery.channel, deque()).append(delivery)
            elif delivery.start_at > until:
                self.add(delivery, delivery.start_at)
            else:
                self._busy.add(delivery.channel)
                delivery.holds_channel = True
                due.append(delivery)
        return due

    def release(self, channel: ChannelKey, free_at: int) -> None:
        """End a channel's post; the next may be sent from `free_at` on, or later if that is known."""
        self._busy.discard(channel)
        self._free_at[channel] = free_at = max(free_at, self._free_at.get(channel, 0))
        waiting = self._waiting.get(channel)
        while waiting:
            delivery = waiting.popleft()
            if not delivery.is_done:
                self.add(delivery, max(free_at, delivery.start_at))
                break
        if not waiting:
            self._waiting.pop(channel, None)

    def hold(self, workspace_id: str, until: int) -> None:
        """Send nothing to the workspace before `until`."""
        self._held_until[workspace_id] = max(until, self._held_until.get(workspace_id, 0))

    def count_due(self, now: int) -> int:
        """Return how many deliveries wait only for a poster."""
        return bisect_left(self._scheduled, (now + 1,))

    def next_at(self) -> int | None:
        """Return when the next delivery may be sent, as far as is known."""
        return self._scheduled[0].at if self._scheduled else None

    def list_unfree(self, now: int) -> dict[ChannelKey, int]:
        """Return the channels that wait after a post, each with the instant from which it may be posted to."""
        return {channel: at for channel, at in self._free_at.items() if at > now}

    def forget_past(self, now: int) -> None:
        """Drop holds and channel times that have passed."""
        self._free_at = {channel: at for channel, at in self._free_at.items() if at >= now}
        self._held_until = {workspace: until for workspace, until in self._held_until.items() if until >= now}
