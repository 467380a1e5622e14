"""A hold of a workspace when the clock is set between Slack's answer and its commit."""

from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Outcome
from schedbot.session import Session
from schedbot.store.jobs import attempts, claims
from schedbot.store.jobs.claims import ClaimRequest
from schedbot.store.jobs.pacing import ChannelKey
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.steps.attempt_requests import build_start
from schedbot.worker.steps.send import Sender
from tests.support.app import App, now_ms

HOUR_MS = 3_600_000


def test_limit_lasts_no_hour_after_clock_is_set_back(app: App) -> None:
    app.add_due_jobs(1)
    opened = app.session()
    clock = [now_ms() + HOUR_MS]
    session = Session(opened.settings, opened.db, lambda: clock[0])
    sender = Sender(InFlight(session, "pool", "installation-1"))
    with session.db.writing():
        [job] = claims.claim(session.db, ClaimRequest(clock[0], 1, clock[0] + 60_000))
        delivery = Delivery(job, job.source, clock[0], attempt=1, sent_at=clock[0])
        assert attempts.begin(session.db, build_start(sender.in_flight, delivery, "pool/1", clock[0]), clock[0])
    sender.ender.end(
        delivery, PostResponse(1, AttemptResult(Outcome.RATE_LIMITED, "ratelimited", retry_after_ms=2_000)), clock[0]
    )
    clock[0] -= HOUR_MS
    sender.in_flight.writes.commit(session.db)
    free_at = sender.in_flight.send_queue.earliest_at(ChannelKey(job.workspace_id, "C0000000009"), 0)
    assert 0 < free_at - steady_ms() <= 2_000
