"""Next state of a job after an attempt or a look-up: each outcome, by the attempts and the grace that are left."""

import pytest

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.lifecycle import Event
from schedbot.worker.state.next_state import (
    LAST_TRY_MS,
    SPREAD_MS,
    RetryBudget,
    Transition,
    is_final_error,
    next_look_up_at,
    next_state,
    next_state_by_policy,
    next_state_when_absent,
)

NOW, DUE, LOOK_UP, GRACE = 1_000_000, 999_000, 1_008_000, 3_600_000
S, E = JobState, Event


def budget(spent: int = 0, max_attempts: int = 5, deadline_at: int = DUE + GRACE) -> RetryBudget:
    return RetryBudget(deadline_at, spent, max_attempts, LOOK_UP)


def half() -> float:
    return 0.5


def after(outcome: Outcome, left: RetryBudget, *, after_ms: int | None = None, **flags: bool) -> Transition:
    return next_state(AttemptResult(outcome, retry_after_ms=after_ms), left, NOW, half, **flags)


FRESH, LAST, LATE = budget(), budget(spent=4), budget(deadline_at=NOW + 1)
ROWS = [
    # outcome, budget -> event, state, available_at, spent
    (Outcome.POSTED, FRESH, E.POSTED, S.SUCCEEDED, NOW, 1),
    (Outcome.POSTED, LAST, E.POSTED, S.SUCCEEDED, NOW, 5),
    (Outcome.POSTED, LATE, E.POSTED, S.SUCCEEDED, NOW, 1),
    (Outcome.NOT_POSTED, FRESH, E.NOT_POSTED, S.QUEUED, NOW + 2_500, 1),
    (Outcome.NOT_POSTED, budget(spent=1), E.NOT_POSTED, S.QUEUED, NOW + 10_000, 2),
    (Outcome.NOT_POSTED, LAST, E.ATTEMPTS_EXHAUSTED, S.FAILED, NOW, 5),
    (Outcome.NOT_POSTED, budget(max_attempts=1), E.ATTEMPTS_EXHAUSTED, S.FAILED, NOW, 1),
    (Outcome.NOT_POSTED, LATE, E.EXPIRED, S.FAILED, NOW, 1),
    (Outcome.UNKNOWN, FRESH, E.OUTCOME_UNKNOWN, S.UNKNOWN, LOOK_UP, 1),
    (Outcome.UNKNOWN, LAST, E.OUTCOME_UNKNOWN, S.UNKNOWN, LOOK_UP, 5),
    (Outcome.UNKNOWN, LATE, E.OUTCOME_UNKNOWN, S.UNKNOWN, LOOK_UP, 1),
    (Outcome.LOST_UNSENT, LAST, E.WORKER_DIED_UNSENT, S.QUEUED, NOW, 4),
    (Outcome.MESSAGE_REFUSED, FRESH, E.REFUSED, S.FAILED, NOW, 1),
    (Outcome.OUR_DEFECT, FRESH, E.REFUSED, S.FAILED, NOW, 1),
    (Outcome.RENDER_FAILED, FRESH, E.REFUSED, S.FAILED, NOW, 1),
]


@pytest.mark.parametrize(("outcome", "left", "event", "state", "available_at", "spent"), ROWS, ids=str)
def test_outcome_moves_the_job_without_side_effects(
    outcome: Outcome, left: RetryBudget, event: Event, state: JobState, available_at: int, spent: int
) -> None:
    assert after(outcome, left) == Transition(event, state, available_at, spent)


def test_backoff_does_not_outlast_the_grace() -> None:
    left = budget(spent=3, deadline_at=NOW + 60_000)
    assert after(Outcome.NOT_POSTED, left) == Transition(E.NOT_POSTED, S.QUEUED, NOW + 60_000 - LAST_TRY_MS, 4)
    assert next_state_when_absent(left, NOW, half).available_at == NOW + 40_000  # as drawn


def test_every_outcome_has_a_next_state() -> None:
    for outcome in Outcome:
        assert isinstance(after(outcome, FRESH), Transition)


@pytest.mark.parametrize("left", [FRESH, LAST, LATE], ids=["fresh", "last", "late"])
def test_rate_limit_holds_workspace_and_spends_nothing(left: RetryBudget) -> None:
    until = NOW + 7_000
    expected = Transition(E.RATE_LIMITED, S.QUEUED, until + SPREAD_MS // 2, left.spent, hold_until=until)
    assert after(Outcome.RATE_LIMITED, left, after_ms=7_000) == expected


def test_limit_without_instant_holds_by_default() -> None:
    assert after(Outcome.RATE_LIMITED, FRESH).hold_until == NOW + 30_000
    assert after(Outcome.QUOTA, FRESH).hold_until == NOW + 3_600_000


@pytest.mark.parametrize("left", [FRESH, LAST, LATE], ids=["fresh", "last", "late"])
def test_refused_token_parks_job_and_pauses_workspace(left: RetryBudget) -> None:
    expected = Transition(E.WORKSPACE_PAUSED, S.QUEUED, NOW, left.spent, pauses_workspace=True)
    assert after(Outcome.TOKEN_REFUSED, left) == expected


def test_rotated_token_pauses_nothing_and_spends_nothing() -> None:
    assert after(Outcome.TOKEN_REFUSED, LAST, is_rotated=True) == Transition(E.TOKEN_ROTATED, S.QUEUED, NOW, LAST.spent)


def test_refused_channel_fails_job_and_suspends_schedule() -> None:
    expected = Transition(E.REFUSED, S.FAILED, NOW, 1, suspends_schedule=True)
    assert after(Outcome.CHANNEL_REFUSED, FRESH) == expected


@pytest.mark.parametrize(("outcome", "spent"), [(Outcome.NOT_POSTED, 4), (Outcome.UNKNOWN, 4)])
def test_free_attempt_is_not_counted(outcome: Outcome, spent: int) -> None:
    transition = after(outcome, LAST, is_free=True)
    assert (transition.spent, transition.state is S.FAILED) == (spent, False)


@pytest.mark.parametrize(
    ("left", "event", "state"),
    [
        pytest.param(budget(spent=1), E.NOT_IN_HISTORY, S.QUEUED, id="sent again"),
        pytest.param(budget(spent=5), E.ATTEMPTS_EXHAUSTED, S.FAILED, id="no attempt left"),
        pytest.param(budget(spent=1, deadline_at=NOW), E.EXPIRED, S.FAILED, id="grace over"),
    ],
)
def test_absent_post_is_sent_again_within_its_budget(left: RetryBudget, event: Event, state: JobState) -> None:
    transition = next_state_when_absent(left, NOW, half)
    assert (transition.event, transition.state, transition.spent) == (event, state, left.spent)


@pytest.mark.parametrize(
    ("left", "policy", "event", "state"),
    [
        pytest.param(budget(spent=1), "hold", E.HISTORY_UNREADABLE_HOLD, S.HELD, id="held"),
        pytest.param(budget(spent=5), "hold", E.HISTORY_UNREADABLE_HOLD, S.HELD, id="held after the last attempt too"),
        pytest.param(budget(spent=1), "resend", E.HISTORY_UNREADABLE_RESEND, S.QUEUED, id="sent again"),
        pytest.param(budget(spent=5), "resend", E.ATTEMPTS_EXHAUSTED, S.FAILED, id="no attempt left"),
        pytest.param(budget(spent=1, deadline_at=NOW - 1), "resend", E.ATTEMPTS_EXHAUSTED, S.FAILED, id="grace over"),
    ],
)
def test_policy_decides_where_history_cannot_be_asked(
    left: RetryBudget, policy: str, event: Event, state: JobState
) -> None:
    transition = next_state_by_policy(left, policy, NOW)
    assert (transition.event, transition.state) == (event, state)


@pytest.mark.parametrize(
    ("sent_ago", "retry_after_ms", "wait_ms"),
    [(2_000, 0, 1_200), (40_000, 0, 10_000), (40_000, 60_000, 60_000), (86_400_000, 0, 900_000)],
)
def test_look_ups_without_answer_become_rarer(sent_ago: int, retry_after_ms: int, wait_ms: int) -> None:
    now = 1_800_000_000_000
    assert next_look_up_at(now - sent_ago, retry_after_ms, now) == now + wait_ms


@pytest.mark.parametrize(
    ("error", "is_late", "is_final"),
    [
        ("http_403", True, True),
        ("http_403", False, False),
        ("no_progress", True, True),
        ("no_ts", True, True),
        ("timeout", True, False),
    ],
)
def test_refusal_by_http_is_final_after_the_deadline(error: str, is_late: bool, is_final: bool) -> None:
    assert is_final_error(error, NOW, NOW + is_late) is is_final
