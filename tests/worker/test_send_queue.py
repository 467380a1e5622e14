"""Send queue: pace and holds are kept, with any order of arrivals, responses and holds."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.model import Recurrence, Report, TokenSource
from schedbot.rules.channel_pace import PACE_MS
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.pacing import ChannelKey
from schedbot.worker.state.send_queue import Delivery, SendQueue


def delivery(job_id: int, workspace: str = "w", channel: str = "C1") -> Delivery:
    source = TokenSource("setting")
    job = ClaimedJob(
        id=job_id,
        token=1,
        schedule_id="s",
        schedule="s",
        account="",
        workspace_id=workspace,
        workspace=workspace,
        source=source,
        due_at=0,
        available_at=0,
        deadline_at=0,
        attempts=0,
        spent=0,
        version=1,
        channel=channel,
        schedule_channel=channel,
        report=Report("text", "Hi"),
        max_attempts=5,
        on_unknown="hold",
        tz="UTC",
        free_at=0,
        recurrence=Recurrence("UTC", cron="0 9 * * *"),
        resumes=0,
        error=None,
    )
    return Delivery(job, source, 0)


def take_ids(queue: SendQueue, now: int, limit: int = 10) -> list[int]:
    return [delivery.job.id for delivery in queue.take_due(now, limit)]


def test_next_post_of_channel_leaves_a_second_after_the_last() -> None:
    queue = SendQueue()
    for job_id in (1, 2, 3):
        queue.add(delivery(job_id), 0)
    assert take_ids(queue, 0) == [1]
    assert take_ids(queue, 9_000) == []
    queue.release(ChannelKey("w", "C1"), 9_100 + PACE_MS)
    assert take_ids(queue, 9_099 + PACE_MS) == []
    assert take_ids(queue, 9_100 + PACE_MS) == [2]


def test_release_brings_no_channel_forward() -> None:
    queue = SendQueue()
    queue.release(ChannelKey("w", "C1"), 1_000)
    queue.add(delivery(1), 0)
    assert take_ids(queue, 1_000) == [1]  # its intent may be written before its instant
    queue.release(ChannelKey("w", "C1"), 900)  # it is dropped before it has left
    queue.add(delivery(2), 0)
    assert take_ids(queue, 999) == []


def test_channels_do_not_wait_for_each_other() -> None:
    queue = SendQueue()
    for job_id in range(5):
        queue.add(delivery(job_id, channel=f"C{job_id}"), 0)
    assert take_ids(queue, 0, limit=3) == [0, 1, 2]
    assert take_ids(queue, 0, limit=3) == [3, 4]


def test_hold_affects_one_workspace_and_is_never_shortened() -> None:
    queue = SendQueue()
    queue.add(delivery(1, "held"), 0)
    queue.add(delivery(2, "free"), 0)
    queue.hold("held", 5_000)
    queue.hold("held", 3_000)
    assert take_ids(queue, 4_999) == [2]
    assert queue.next_at() == 5_000
    assert take_ids(queue, 5_000) == [1]


def test_done_delivery_never_leaves_and_blocks_no_other() -> None:
    queue = SendQueue()
    deliveries = [delivery(job_id) for job_id in (1, 2, 3)]
    for waiting in deliveries:
        queue.add(waiting, 0)
    queue.take_due(0, 10)
    queue.take_due(0, 10)
    deliveries[1].is_done = True
    queue.release(deliveries[0].channel, 1_000)
    assert take_ids(queue, 1_000) == [3]


@dataclass(frozen=True)
class Add:
    workspace: str
    channel: str
    wait_ms: int


@dataclass(frozen=True)
class Pass:
    ms: int


@dataclass(frozen=True)
class Hold:
    workspace: str
    ms: int


@dataclass(frozen=True)
class Send:
    limit: int
    ahead_ms: int


@dataclass(frozen=True)
class EndPost:
    pass


@dataclass(frozen=True)
class ForgetPast:
    pass


Step = Add | Pass | Hold | Send | EndPost | ForgetPast


@dataclass
class QueueObserver:
    """A queue, and a record of its posts that is checked at each step."""

    queue: SendQueue = field(default_factory=SendQueue)
    now: int = 0
    in_flight: dict[ChannelKey, Delivery] = field(default_factory=dict)
    ended_at: dict[ChannelKey, int] = field(default_factory=dict)
    held_until: dict[str, int] = field(default_factory=dict)
    due_at: dict[int, int] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)

    def send(self, limit: int, ahead_ms: int = 0) -> None:
        due = self.queue.take_due(self.now + ahead_ms, limit)
        assert len(due) <= limit
        for delivery in due:
            channel, start_at = delivery.channel, max(self.now, delivery.start_at)
            assert start_at <= self.now + ahead_ms
            assert channel not in self.in_flight, "two in flight in one channel"
            assert start_at >= self.ended_at.get(channel, -PACE_MS) + PACE_MS, "within a second of the last"
            assert start_at >= self.held_until.get(channel.workspace_id, 0), "sent while its workspace was held"
            assert start_at >= self.due_at[delivery.job.id], "before its instant"
            self.in_flight[channel] = delivery
            self.sent.append(delivery.job.id)

    def end_post(self) -> None:
        if self.in_flight:
            channel = next(iter(self.in_flight))
            ended_at = max(self.now, self.in_flight.pop(channel).start_at)
            self.ended_at[channel] = ended_at
            self.queue.release(channel, ended_at + PACE_MS)

    def run(self, step: Step, job_id: int) -> None:
        match step:
            case Add(workspace, channel, wait_ms):
                self.due_at[job_id] = self.now + wait_ms
                self.queue.add(delivery(job_id, workspace, channel), self.now + wait_ms)
            case Pass(ms):
                self.now += ms
            case Hold(workspace, ms):
                self.held_until[workspace] = max(self.held_until.get(workspace, 0), self.now + ms)
                self.queue.hold(workspace, self.now + ms)
            case Send(limit, ahead_ms):
                self.send(limit, ahead_ms)
            case ForgetPast():
                self.queue.forget_past(self.now)
            case EndPost():
                self.end_post()


workspaces, channels = st.sampled_from("vw"), st.sampled_from(["C1", "C2", "C3"])
steps = st.one_of(
    st.builds(Add, workspaces, channels, st.integers(0, 500)),
    st.builds(Pass, st.integers(0, 2_000)),
    st.builds(Hold, workspaces, st.integers(1, 5_000)),
    st.builds(Send, st.integers(1, 4), st.sampled_from([0, 100])),
    st.builds(EndPost),
    st.builds(ForgetPast),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(steps, max_size=60))
def test_any_order_of_steps_keeps_the_pace_and_sends_all_once(drawn: list[Step]) -> None:
    observer = QueueObserver()
    for number, step in enumerate(drawn):
        observer.run(step, number)
    added = [number for number, step in enumerate(drawn) if isinstance(step, Add)]
    for _ in range(3 * len(added)):
        observer.end_post()
        observer.now += 5_000
        observer.send(4)
    assert sorted(observer.sent) == added
