"""Circuit breaker: it opens in an outage of Slack, lets one probe pass at a time, and closes by itself."""

import pytest

from schedbot.model import AttemptResult, Outcome
from schedbot.worker.state.circuit_breaker import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE_MS,
    LONGEST_PAUSE_MS,
    CircuitBreaker,
    is_outage,
)

FAILURE = AttemptResult(Outcome.UNKNOWN, "timeout")
SUCCESS = AttemptResult(Outcome.POSTED, ts="1.1")


def open_breaker() -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.record(FAILURE, "acme", 0)
    return breaker


def test_five_failures_in_a_row_open_it_once() -> None:
    breaker = CircuitBreaker()
    assert [breaker.record(FAILURE, "acme", 0) for _ in range(6)] == [False, False, False, False, True, False]
    assert breaker.is_open


def test_success_restarts_the_count() -> None:
    breaker = CircuitBreaker()
    for result in [FAILURE] * 4 + [SUCCESS] + [FAILURE] * 4:
        assert not breaker.record(result, "acme", 0)
    assert not breaker.is_open


@pytest.mark.parametrize(
    ("failing", "at", "is_open"),
    [
        pytest.param(["sick"] * 50, 60_000, False, id="another was answered a minute ago"),
        pytest.param(["sick"] * 50, 60_001, True, id="no recent answer"),
        pytest.param(["sick"] * 50 + ["well"], 1, True, id="the other fails too"),
        pytest.param(["well", "sick", "sick", "sick", "sick"], 1, True, id="the other failed first"),
        pytest.param(["well"] * 5, 1, True, id="the answered workspace itself fails"),
    ],
)
def test_failures_of_one_workspace_do_not_open_it(failing: list[str], at: int, is_open: bool) -> None:
    breaker = CircuitBreaker()
    breaker.record(SUCCESS, "well", 0)
    for workspace in failing:
        breaker.record(FAILURE, workspace, at)
    assert breaker.is_open is is_open


def test_closed_breaker_allows_all_posts() -> None:
    assert CircuitBreaker().count_allowed(0, in_flight=10_000) > 10_000


@pytest.mark.parametrize(
    ("now", "in_flight", "allowed"),
    [
        pytest.param(FIRST_PAUSE_MS - 1, 0, 0, id="before the probe"),
        pytest.param(FIRST_PAUSE_MS, 0, 1, id="one probe"),
        pytest.param(FIRST_PAUSE_MS, 1, 0, id="no other while it is in flight"),
    ],
)
def test_open_breaker_allows_one_probe(now: int, in_flight: int, allowed: int) -> None:
    assert open_breaker().count_allowed(now, in_flight) == allowed


def test_pauses_between_probes_grow_to_a_minute() -> None:
    breaker, pauses = open_breaker(), []
    for _ in range(6):
        pauses.append(breaker.pause_ms)
        breaker.record(FAILURE, "acme", breaker.probe_at)
    assert pauses == [5_000, 10_000, 20_000, 40_000, LONGEST_PAUSE_MS, LONGEST_PAUSE_MS]


def test_posts_in_flight_at_opening_delay_no_probe() -> None:
    breaker = open_breaker()
    for at in range(100):
        breaker.record(FAILURE, "acme", at)
    assert (breaker.pause_ms, breaker.probe_at) == (FIRST_PAUSE_MS, FIRST_PAUSE_MS)


def test_reopened_breaker_begins_with_shortest_pause() -> None:
    breaker = open_breaker()
    breaker.record(FAILURE, "acme", breaker.probe_at)
    for result in [SUCCESS] + [FAILURE] * FAILURES_TO_OPEN:
        breaker.record(result, "acme", 6_000)
    assert (breaker.has_seen_outage, breaker.probe_at) == (True, 6_000 + FIRST_PAUSE_MS)


def test_any_answer_closes_it() -> None:
    breaker = open_breaker()
    assert breaker.record(AttemptResult(Outcome.RATE_LIMITED, "ratelimited", http_status=429), "acme", 9_000)
    assert not breaker.is_open
    assert breaker.count_allowed(9_000, in_flight=5) > 1


@pytest.mark.parametrize(
    ("result", "outage"),
    [
        pytest.param(AttemptResult(Outcome.UNKNOWN, "timeout"), True, id="no answer"),
        pytest.param(AttemptResult(Outcome.NOT_POSTED, "connection_refused"), True, id="no connection"),
        pytest.param(AttemptResult(Outcome.NOT_POSTED, "dns"), True, id="no address"),
        pytest.param(AttemptResult(Outcome.UNKNOWN, "http_502", http_status=502), True, id="server error"),
        pytest.param(AttemptResult(Outcome.UNKNOWN, "fatal_error", http_status=200), False, id="answer about one post"),
        pytest.param(AttemptResult(Outcome.CHANNEL_REFUSED, "is_archived", http_status=200), False, id="refusal"),
        pytest.param(AttemptResult(Outcome.RATE_LIMITED, "ratelimited", http_status=429), False, id="rate limit"),
        pytest.param(AttemptResult(Outcome.LOST_UNSENT, "window_passed"), False, id="never sent"),
    ],
)
def test_only_network_and_server_errors_are_an_outage(result: AttemptResult, outage: bool) -> None:
    assert is_outage(result) is outage


NO_CONNECTION = AttemptResult(Outcome.NOT_POSTED, "connection_refused")
BAD_GATEWAY = AttemptResult(Outcome.UNKNOWN, "http_502", http_status=502)


@pytest.mark.parametrize(
    ("result", "previous_error", "failures", "is_last", "is_spared"),
    [
        pytest.param(NO_CONNECTION, None, 1, True, True, id="last attempt: may be an outage"),
        pytest.param(NO_CONNECTION, None, 1, False, False, id="another attempt is left"),
        pytest.param(NO_CONNECTION, "dns", 1, True, False, id="another post was answered in between"),
        pytest.param(NO_CONNECTION, "dns", 2, True, True, id="no post was answered in between"),
        pytest.param(NO_CONNECTION, "internal_error", 1, True, True, id="previous failure not of the network"),
        pytest.param(BAD_GATEWAY, None, 1, True, False, id="the look-up decides"),
        pytest.param(BAD_GATEWAY, None, FAILURES_TO_OPEN, True, True, id="open"),
        pytest.param(NO_CONNECTION, None, FAILURES_TO_OPEN, False, True, id="open, another attempt is left"),
        pytest.param(SUCCESS, None, 0, True, False, id="success"),
    ],
)
def test_possible_outage_spares_the_attempt(
    result: AttemptResult, previous_error: str | None, failures: int, is_last: bool, is_spared: bool
) -> None:
    assert CircuitBreaker(failures=failures).spares_attempt(result, previous_error, is_last=is_last) is is_spared


def test_success_keeps_earlier_failures_counted() -> None:
    breaker = CircuitBreaker(failures=2, counted_jobs=[7, 8])
    breaker.record(SUCCESS, "acme", 0)
    assert breaker.take_counted_jobs() == []


def test_recorded_outage_begins_with_a_probe_at_once() -> None:
    breaker = CircuitBreaker(failures=FAILURES_TO_OPEN)
    assert (breaker.is_open, breaker.has_seen_outage, breaker.count_allowed(0, in_flight=0)) == (True, False, 1)
    breaker.record(FAILURE, "acme", 0)
    assert (breaker.has_seen_outage, breaker.count_allowed(0, in_flight=0)) == (True, 0)
