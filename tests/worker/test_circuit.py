"""When Slack is down for all, a circuit opens, probes one post at a time, and closes by itself."""

import pytest

from schedbot.model import AttemptResult, Outcome
from schedbot.worker.state.circuit_breaker import FIRST_PAUSE_MS, IN_A_ROW, LONGEST_PAUSE_MS, Circuit, is_outage

SILENCE = AttemptResult(Outcome.UNKNOWN, "timeout")
ANSWER = AttemptResult(Outcome.POSTED, ts="1.1")


def opened() -> Circuit:
    circuit = Circuit()
    for _ in range(IN_A_ROW):
        circuit.heard(SILENCE, "acme", 0)
    return circuit


def test_it_opens_after_five_silences_in_a_row_and_says_so_once() -> None:
    circuit = Circuit()
    assert [circuit.heard(SILENCE, "acme", 0) for _ in range(6)] == [False, False, False, False, True, False]
    assert circuit.open


def test_an_answer_between_them_begins_the_row_anew() -> None:
    circuit = Circuit()
    for reply in [SILENCE] * 4 + [ANSWER] + [SILENCE] * 4:
        assert not circuit.heard(reply, "acme", 0)
    assert not circuit.open


@pytest.mark.parametrize(
    ("silent", "at", "is_open"),
    [
        pytest.param(["sick"] * 50, 60_000, False, id="another was answered a minute ago"),
        pytest.param(["sick"] * 50, 60_001, True, id="nobody was lately"),
        pytest.param(["sick"] * 50 + ["well"], 1, True, id="now that one is not answered either"),
        pytest.param(["well", "sick", "sick", "sick", "sick"], 1, True, id="it was the first that was not"),
        pytest.param(["well"] * 5, 1, True, id="the one that was answered is down itself"),
    ],
)
def test_what_one_workspace_meets_alone_is_no_outage(silent: list[str], at: int, is_open: bool) -> None:
    circuit = Circuit()
    circuit.heard(ANSWER, "well", 0)
    for workspace in silent:
        circuit.heard(SILENCE, workspace, at)
    assert circuit.open is is_open


def test_closed_it_lets_everything_pass() -> None:
    assert Circuit().allows(0, in_flight=10_000) > 10_000


@pytest.mark.parametrize(
    ("now", "in_flight", "allowed"),
    [
        pytest.param(FIRST_PAUSE_MS - 1, 0, 0, id="nothing before the probe's instant"),
        pytest.param(FIRST_PAUSE_MS, 0, 1, id="one probe then"),
        pytest.param(FIRST_PAUSE_MS, 1, 0, id="and no other while it is under way"),
    ],
)
def test_open_it_lets_one_probe_pass(now: int, in_flight: int, allowed: int) -> None:
    assert opened().allows(now, in_flight) == allowed


def test_probes_go_further_and_further_apart_up_to_a_minute() -> None:
    circuit, pauses = opened(), []
    for _ in range(6):
        pauses.append(circuit.pause_ms)
        circuit.heard(SILENCE, "acme", circuit.probe_at)
    assert pauses == [5_000, 10_000, 20_000, 40_000, LONGEST_PAUSE_MS, LONGEST_PAUSE_MS]


def test_what_was_in_flight_when_it_opened_puts_off_no_probe() -> None:
    circuit = opened()
    for at in range(100):
        circuit.heard(SILENCE, "acme", at)
    assert (circuit.pause_ms, circuit.probe_at) == (FIRST_PAUSE_MS, FIRST_PAUSE_MS)


def test_one_that_opens_again_soon_begins_with_the_shortest_pause() -> None:
    circuit = opened()
    circuit.heard(SILENCE, "acme", circuit.probe_at)
    for reply in [ANSWER] + [SILENCE] * IN_A_ROW:
        circuit.heard(reply, "acme", 6_000)
    assert (circuit.seen_open, circuit.probe_at) == (True, 6_000 + FIRST_PAUSE_MS)


def test_any_answer_closes_it() -> None:
    circuit = opened()
    assert circuit.heard(AttemptResult(Outcome.RATE_LIMITED, "ratelimited", http_status=429), "acme", 9_000)
    assert not circuit.open
    assert circuit.allows(9_000, in_flight=5) > 1


@pytest.mark.parametrize(
    ("reply", "outage"),
    [
        pytest.param(AttemptResult(Outcome.UNKNOWN, "timeout"), True, id="no answer"),
        pytest.param(AttemptResult(Outcome.NOT_POSTED, "connection_refused"), True, id="no connection"),
        pytest.param(AttemptResult(Outcome.NOT_POSTED, "dns"), True, id="no name"),
        pytest.param(AttemptResult(Outcome.UNKNOWN, "http_502", http_status=502), True, id="a server's error"),
        pytest.param(
            AttemptResult(Outcome.UNKNOWN, "fatal_error", http_status=200), False, id="an answer about one post"
        ),
        pytest.param(AttemptResult(Outcome.CHANNEL_REFUSED, "is_archived", http_status=200), False, id="a refusal"),
        pytest.param(AttemptResult(Outcome.RATE_LIMITED, "ratelimited", http_status=429), False, id="a limit"),
        pytest.param(AttemptResult(Outcome.LOST_UNSENT, "window_passed"), False, id="what never left"),
    ],
)
def test_what_speaks_of_slack_as_a_whole(reply: AttemptResult, outage: bool) -> None:
    assert is_outage(reply) is outage


REFUSED, BAD_GATEWAY = (
    AttemptResult(Outcome.NOT_POSTED, "connection_refused"),
    AttemptResult(Outcome.UNKNOWN, "http_502", http_status=502),
)


@pytest.mark.parametrize(
    ("reply", "before", "row", "last", "spared"),
    [
        pytest.param(REFUSED, None, 1, True, True, id="its last attempt met nobody: this may be an outage"),
        pytest.param(REFUSED, None, 1, False, False, id="it has another"),
        pytest.param(REFUSED, "dns", 1, True, False, id="Slack answered somebody since it failed so before"),
        pytest.param(REFUSED, "dns", 2, True, True, id="nobody got an answer since it failed so before"),
        pytest.param(REFUSED, "internal_error", 1, True, True, id="its failure before said nothing of the network"),
        pytest.param(BAD_GATEWAY, None, 1, True, False, id="the history is asked, and its answer tells"),
        pytest.param(BAD_GATEWAY, None, IN_A_ROW, True, True, id="the circuit is open"),
        pytest.param(REFUSED, None, IN_A_ROW, False, True, id="the circuit is open, and it has another"),
        pytest.param(ANSWER, None, 0, True, False, id="an answer"),
    ],
)
def test_which_failure_uses_up_no_attempt(
    reply: AttemptResult, before: str | None, row: int, last: bool, spared: bool
) -> None:
    assert Circuit(failures=row).spares(reply, before, last=last) is spared


def test_an_answer_makes_the_failures_before_it_count() -> None:
    circuit = Circuit(failures=2, counted=[7, 8])
    circuit.heard(ANSWER, "acme", 0)
    assert circuit.given_back() == []


def test_an_outage_that_a_pool_was_told_of_begins_with_a_probe_at_once() -> None:
    circuit = Circuit(failures=IN_A_ROW)
    assert (circuit.open, circuit.seen_open, circuit.allows(0, in_flight=0)) == (True, False, 1)
    circuit.heard(SILENCE, "acme", 0)
    assert (circuit.seen_open, circuit.allows(0, in_flight=0)) == (True, 0)
