"""The pool's view of a poster: the process, its deliveries and its look-ups."""

from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.clock import steady_ms
from schedbot.settings import Settings
from schedbot.slack.token_stores.place import find_rotation
from schedbot.store.jobs import pacing
from schedbot.store.jobs.message_files import StoredFile
from schedbot.store.jobs.unknown import HistoryKey, UnknownJob
from schedbot.worker.children import poster
from schedbot.worker.children.child_process import ChildProcess
from schedbot.worker.post_protocol import PostRequest, encode_requests
from schedbot.worker.state.send_queue import Delivery

WAITING_MS = 100
WAITING_SHARE = 5  # a fifth


@dataclass(slots=True, eq=False)
class LookUp:
    """A look-up in a channel's history, or in a thread, for posts of unknown outcome.

    `requested_at` is UTC, `requested_steady` the same instant, steady. `clock_offset_ms`: Slack's clock minus ours, as
    known at the request.
    """

    number: int
    place: HistoryKey
    jobs: list[UnknownJob]
    requested_at: int = 0
    requested_steady: int = 0
    clock_offset_ms: int | None = None

    @property
    def method(self) -> str:
        """Return Slack's method that it calls, which has a limit of its own."""
        return pacing.FILES if self.jobs[0].file_id else pacing.HISTORY


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload of a delivery's file. `end_by` (steady milliseconds): a poster that answers later is replaced."""

    delivery: Delivery
    file: StoredFile
    end_by: int


@dataclass(slots=True)
class WaitingLimit:
    """Number of posts that may wait in a poster for a slot, so that its next post need not wait for a commit.

    It is what the poster ends in WAITING_MS, and at most a share of its slots: so they wait for about as long, and few
    wait behind posts that hang. `results`: its posts that have ended since `counted_at` (steady milliseconds). Pure.
    """

    slots: int
    counted_at: int
    results: int = 0
    limit: int = 0

    def update(self, now: int) -> None:
        """Set the limit by the posts that have ended lately."""
        periods = (now - self.counted_at) // WAITING_MS
        if periods:
            self.limit = min(self.results // periods, self.slots // WAITING_SHARE)
            self.results, self.counted_at = 0, now


class PosterHandle(ChildProcess):
    """A poster; `deliveries` and `uploads` by key and `look_ups` by number are those that it has taken.

    `slots` is the number of its posts at once.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(poster.run, find_rotation(settings), settings.in_flight)
        self.jobs_taken, self.share, self.slots = 0, settings.jobs_per_poster, settings.in_flight
        self.waiting = WaitingLimit(self.slots, steady_ms())
        self.deliveries: dict[int, Delivery] = {}
        self.uploads: dict[int, Upload] = {}
        self.look_ups: dict[int, LookUp] = {}

    @property
    def is_retiring(self) -> bool:
        """Has it had its share of jobs, so that it takes no more?"""
        return self.jobs_taken >= self.share

    @property
    def free_slots(self) -> int:
        """Return how many more deliveries it takes: none while it starts, and at most its share in all."""
        if not self.is_ready:
            return 0
        room = self.slots + self.waiting.limit - len(self.deliveries) - len(self.uploads)
        left = self.share - self.jobs_taken
        room = left if left < room else room
        return room if room > 0 else 0

    @property
    def is_idle(self) -> bool:
        return not (self.deliveries or self.uploads or self.look_ups)

    def is_overdue(self, posts_before: int, look_ups_before: int) -> bool:
        """Does a post or a look-up wait for its response since before these instants (steady milliseconds)?

        Or an upload for longer than it may take?
        """
        posts, look_ups = self.deliveries.values(), self.look_ups.values()
        is_post_overdue = any(0 < post.requested_at < posts_before for post in posts)
        if any(upload.end_by < steady_ms() for upload in self.uploads.values()):
            return True
        return is_post_overdue or any(look_up.requested_steady < look_ups_before for look_up in look_ups)

    def take(self, delivery: Delivery) -> None:
        """Reserve a place for a delivery that is about to be sent."""
        self.jobs_taken += 1
        self.deliveries[delivery.key] = delivery

    def send_posts(self, posts: Sequence[PostRequest]) -> None:
        """Queue posts in one line, as `send`."""
        self.pipe.send(encode_requests(posts))
