"""A channel with a post in flight: nothing but the end of that post lets the next one go."""

import pytest

from schedbot.clock import steady_ms
from schedbot.store.jobs import claims
from schedbot.store.jobs.attempts import IntentResult
from schedbot.store.jobs.claims import ClaimRequest
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.state.write_queue import WriteFailure
from schedbot.worker.steps.send import AHEAD_MS, Sender
from tests.support.schedules import Schedules, ms

NOW = ms("2026-12-01 09:00:00")


@pytest.fixture
def sender(schedules: Schedules) -> Sender:
    """Three claimed jobs of one channel; the first is about to be sent, and the others wait for it."""
    for name in ("first", "second", "third"):
        schedules.add(name, channel="C0000000001")
    db = schedules.session.db
    with db.writing():
        jobs = claims.claim(db, ClaimRequest(NOW, 3, NOW + 60_000))
    sender = Sender(InFlight(schedules.session, "host:1", "installation-1"))
    for job in jobs:
        delivery = Delivery(job, job.source, NOW)
        sender.in_flight.add(delivery)
        sender.in_flight.send_queue.add(delivery, 0)
    return sender


def take(sender: Sender) -> list[Delivery]:
    return sender.in_flight.send_queue.take_due(steady_ms() + 60_000, 10)


def test_failure_of_a_waiting_job_frees_no_channel(sender: Sender) -> None:
    [first] = take(sender)
    _, second, _ = sender.in_flight.deliveries.values()
    sender.in_flight.put_failing_back(second.job, "render", RuntimeError())
    assert (take(sender), second.is_done) == ([], True)
    sender.in_flight.put_failing_back(first.job, "send", RuntimeError())
    assert len(take(sender)) == 1


@pytest.mark.parametrize("attempt", [0, 1], ids=["its callback failed", "its end was not written"])
def test_post_that_is_given_up_holds_its_channel(sender: Sender, attempt: int) -> None:
    [first] = take(sender)
    first.attempt, first.sent_steady = attempt, steady_ms()
    sender.in_flight.give_up(first, WriteFailure(RuntimeError(), is_committed=True))
    queue = sender.in_flight.send_queue
    assert queue.earliest_at(first.channel, 0) == first.sent_steady + sender.in_flight.arrival_limit_ms


def test_refused_intent_stays_due_at_its_instant(sender: Sender) -> None:
    [first] = take(sender)
    first.start_at = steady_ms() + AHEAD_MS
    poster = PosterHandle(sender.in_flight.session.settings)
    sender.on_intent_refused(first, poster, IntentResult(False, lease_until=NOW))
    poster.kill()
    assert sender.in_flight.send_queue.earliest_at(first.channel, 0) >= first.start_at
