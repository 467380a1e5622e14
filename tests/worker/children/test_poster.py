"""Poster: a process that posts from the start of each request to its end."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from schedbot.clock import steady_ms
from schedbot.model import Message, Outcome, TokenSource
from schedbot.posts import MessageMetadata
from schedbot.slack.posting.start_times import StartTimes
from schedbot.worker.post_protocol import PostRequest, PostResponse
from schedbot.worker.protocol import ChildResponse, Ready
from schedbot.worker.state.poster_handle import PosterHandle, WaitingLimit
from tests.support.app import TOKEN, App, now_ms, until

AHEAD_MS = 300
LATEST = 1 << 60  # steady ms


@pytest.fixture
def poster(app: App, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[PosterHandle]:
    """A poster that takes requests; the parameter is its number of posts at once."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    poster = PosterHandle(replace(app.settings, in_flight=getattr(request, "param", 100)))
    until(lambda: receive(poster) == [Ready()])
    yield poster
    poster.kill()


def receive(poster: PosterHandle) -> list[ChildResponse]:
    return poster.receive() or []


def post(number: int, start_before: int = LATEST, start_at: int = 0) -> PostRequest:
    """Return the request of a post."""
    source, metadata = TokenSource("env", "SLACK_BOT_TOKEN"), MessageMetadata("i", f"s:{number}", 1)
    message = Message(f"report-{number}")
    return PostRequest(number, source, False, f"C{number:010d}", message, metadata, start_before, start_at=start_at)


def send(poster: PosterHandle, *requests: PostRequest) -> dict[int, Outcome]:
    """Return the outcomes of these requests by their keys."""
    for request in requests:
        poster.send(request)
    poster.pipe.flush()
    outcomes: dict[int, Outcome] = {}

    def receive_outcomes() -> bool:
        responses = [response for response in receive(poster) if isinstance(response, PostResponse)]
        outcomes.update({response.key: response.result.outcome for response in responses})
        return len(outcomes) == len(requests)

    until(receive_outcomes)
    return outcomes


@pytest.mark.slow
def test_post_leaves_at_its_start_and_not_without_pool(app: App, poster: PosterHandle) -> None:
    start_at, starts_at_ms = steady_ms() + AHEAD_MS, now_ms() + AHEAD_MS
    requests = [post(number, start_at=start_at) for number in range(20)]
    past, too_late = post(20, start_at=1), post(21, start_before=start_at - 1, start_at=start_at)
    outcomes = send(poster, *requests, past, too_late)
    assert outcomes == {request.key: Outcome.POSTED for request in [*requests, past]} | {21: Outcome.LOST_UNSENT}
    early = [record["text"] for record in app.slack.requests() if record["at_ms"] < starts_at_ms - 1]
    assert (early, len(app.posts())) == (["report-20"], 21)
    poster.send(post(22, start_at=steady_ms() + AHEAD_MS))
    poster.pipe.flush()
    poster.pipe.close()
    until(lambda: poster.process.exitcode is not None)
    assert len(app.slack.requests()) == 21


@pytest.mark.parametrize("poster", [2], indirect=True)
def test_third_post_waits_for_one_of_two_slots(app: App, poster: PosterHandle) -> None:
    app.slack.order("hold", times=3)
    for number in (1, 2, 3):
        poster.send(post(number))
    poster.pipe.flush()
    app.slack.wait_for_held(2)
    assert sorted(app.slack.texts()) == ["report-1", "report-2"]
    app.slack.release(1)
    until(lambda: sorted(app.slack.texts()) == ["report-1", "report-2", "report-3"])


def test_as_many_posts_wait_in_a_poster_as_it_ends_in_a_moment() -> None:
    waiting = WaitingLimit(100, counted_at=0)
    limits = []
    for now, results in [(99, 9), (100, 1), (220, 50), (320, 0), (1_320, 30), (9_000, 3)]:
        waiting.results += results
        waiting.update(now)
        limits.append(waiting.limit)
    assert limits == [0, 10, 20, 0, 3, 0]


def test_waiting_for_an_instant_keeps_the_order() -> None:
    ends: list[int] = []
    instants = [steady_ms() + ahead_ms for ahead_ms in (50, 20, 50, 20, -1)]
    places = [3, 2, 1, 0, 4]

    async def wait_and_note(start_times: StartTimes, number: int) -> None:
        await start_times.wait_for(instants[number], places[number])
        assert steady_ms() >= instants[number]
        ends.append(number)

    async def wait_for_all() -> None:
        start_times = StartTimes()
        await asyncio.gather(*(wait_and_note(start_times, number) for number in range(len(instants))))

    asyncio.run(wait_for_all())
    assert ends == [4, 3, 1, 2, 0]
