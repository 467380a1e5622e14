"""Which message may leave when, with any order of arrivals, answers and holds."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.model import Report, TokenSource
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.state.send_queue import PACE_MS, Delivery, Departures, Place


def delivery(number: int, workspace: str = "w", channel: str = "C1") -> Delivery:
    source = TokenSource("setting")
    job = ClaimedJob(
        id=number,
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
        report=Report("text", "Hi"),
        max_attempts=5,
        on_unknown="hold",
        tz="UTC",
        free_at=0,
        resumes=0,
        error=None,
    )
    return Delivery(job, source, 0)


def numbers(leaving: list[Delivery]) -> list[int]:
    return [one.job.id for one in leaving]


def test_one_in_flight_a_channel_and_the_next_a_second_after_its_end() -> None:
    departures = Departures()
    for number in (1, 2, 3):
        departures.add(delivery(number), 0)
    assert numbers(departures.leaving(0, 10)) == [1]
    assert numbers(departures.leaving(9_000, 10)) == []
    departures.freed(("w", "C1"), 9_100 + PACE_MS)
    assert numbers(departures.leaving(10_099, 10)) == []
    assert numbers(departures.leaving(10_100, 10)) == [2]


def test_channels_do_not_wait_for_each_other() -> None:
    departures = Departures()
    for number in range(5):
        departures.add(delivery(number, channel=f"C{number}"), 0)
    assert numbers(departures.leaving(0, 3)) == [0, 1, 2]
    assert numbers(departures.leaving(0, 3)) == [3, 4]


def test_a_hold_is_kept_for_its_workspace_alone_and_is_never_shortened() -> None:
    departures = Departures()
    departures.add(delivery(1, "held"), 0)
    departures.add(delivery(2, "free"), 0)
    departures.hold("held", 5_000)
    departures.hold("held", 3_000)
    assert numbers(departures.leaving(4_999, 10)) == [2]
    assert departures.next_instant() == 5_000
    assert numbers(departures.leaving(5_000, 10)) == [1]


def test_what_is_over_never_leaves_and_stands_in_nobodys_way() -> None:
    departures = Departures()
    first, second, third = (delivery(number) for number in (1, 2, 3))
    for one in (first, second, third):
        departures.add(one, 0)
    departures.leaving(0, 10)
    departures.leaving(0, 10)
    second.over = True
    departures.freed(first.place, 1_000)
    assert numbers(departures.leaving(1_000, 10)) == [3]


@dataclass
class Watch:
    """A pool's departures, and what an observer notes of them."""

    departures: Departures = field(default_factory=Departures)
    now: int = 0
    flying: dict[Place, Delivery] = field(default_factory=dict)
    ended: dict[Place, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)

    def let_leave(self, most: int) -> None:
        going = self.departures.leaving(self.now, most)
        assert len(going) <= most
        for one in going:
            assert one.place not in self.flying, "two in flight in one channel"
            assert self.now >= self.ended.get(one.place, -PACE_MS) + PACE_MS, "sooner than a second after the last"
            assert self.now >= self.held.get(one.place[0], 0), "left while its workspace was held"
            self.flying[one.place] = one
            self.left.append(one.job.id)

    def end_one(self) -> None:
        if self.flying:
            place = next(iter(self.flying))
            del self.flying[place]
            self.ended[place] = self.now
            self.departures.freed(place, self.now + PACE_MS)

    def do(self, step: tuple[str, Any], number: int) -> None:
        match step:
            case "add", (workspace, channel):
                self.departures.add(delivery(number, workspace, channel), self.now)
            case "pass", ms:
                self.now += ms
            case "hold", (workspace, ms):
                self.held[workspace] = max(self.held.get(workspace, 0), self.now + ms)
                self.departures.hold(workspace, self.now + ms)
            case "leave", most:
                self.let_leave(most)
            case "forget", _:
                self.departures.forget(self.now)
            case _:
                self.end_one()


workspaces, channels = st.sampled_from("vw"), st.sampled_from(["C1", "C2", "C3"])
steps = st.one_of(
    st.tuples(st.just("add"), st.tuples(workspaces, channels)),
    st.tuples(st.just("pass"), st.integers(0, 2_000)),
    st.tuples(st.just("hold"), st.tuples(workspaces, st.integers(1, 5_000))),
    st.tuples(st.just("leave"), st.integers(1, 4)),
    st.tuples(st.sampled_from(["end", "forget"]), st.none()),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(steps, max_size=60))
def test_in_any_order_the_pace_is_kept_and_everything_leaves_once(drawn: list[tuple[str, Any]]) -> None:
    watch = Watch()
    for number, step in enumerate(drawn):
        watch.do(step, number)
    added = [number for number, step in enumerate(drawn) if step[0] == "add"]
    for _ in range(3 * len(added)):
        watch.end_one()
        watch.now += 5_000
        watch.let_leave(4)
    assert sorted(watch.left) == added
