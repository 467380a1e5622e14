"""What becomes of a job after an attempt: each outcome, against what is left of attempts and of grace."""

import pytest

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.lifecycle import Event
from schedbot.worker.state.verdict import (
    LAST_TRY_MS,
    SPREAD_MS,
    Standing,
    Verdict,
    absent,
    is_in_vain,
    look_again_at,
    unaskable,
    verdict,
)

NOW, DUE, LOOK_UP, GRACE = 1_000_000, 999_000, 1_008_000, 3_600_000
S, E = JobState, Event


def standing(spent: int = 0, most: int = 5, deadline_at: int = DUE + GRACE) -> Standing:
    return Standing(DUE, deadline_at, spent, most, LOOK_UP)


def half() -> float:
    return 0.5


def ruled(outcome: Outcome, job: Standing, *, after_ms: int | None = None, **more: bool) -> Verdict:
    return verdict(AttemptResult(outcome, retry_after_ms=after_ms), job, NOW, half, **more)


FRESH, LAST, LATE = standing(), standing(spent=4), standing(deadline_at=NOW + 1)
ROWS = [
    # outcome, standing -> event, state, available_at, spent
    (Outcome.POSTED, FRESH, E.POSTED, S.SUCCEEDED, NOW, 1),
    (Outcome.POSTED, LAST, E.POSTED, S.SUCCEEDED, NOW, 5),
    (Outcome.POSTED, LATE, E.POSTED, S.SUCCEEDED, NOW, 1),
    (Outcome.NOT_POSTED, FRESH, E.NOT_POSTED, S.QUEUED, NOW + 2_500, 1),
    (Outcome.NOT_POSTED, standing(spent=1), E.NOT_POSTED, S.QUEUED, NOW + 10_000, 2),
    (Outcome.NOT_POSTED, LAST, E.ATTEMPTS_EXHAUSTED, S.FAILED, NOW, 5),
    (Outcome.NOT_POSTED, standing(most=1), E.ATTEMPTS_EXHAUSTED, S.FAILED, NOW, 1),
    (Outcome.NOT_POSTED, LATE, E.EXPIRED, S.FAILED, NOW, 1),
    (Outcome.UNKNOWN, FRESH, E.OUTCOME_UNKNOWN, S.UNKNOWN, LOOK_UP, 1),
    (Outcome.UNKNOWN, LAST, E.OUTCOME_UNKNOWN, S.UNKNOWN, LOOK_UP, 5),
    (Outcome.UNKNOWN, LATE, E.OUTCOME_UNKNOWN, S.UNKNOWN, LOOK_UP, 1),
    (Outcome.LOST_UNSENT, LAST, E.WORKER_DIED_UNSENT, S.QUEUED, NOW, 4),
    (Outcome.MESSAGE_REFUSED, FRESH, E.REFUSED, S.FAILED, NOW, 1),
    (Outcome.OUR_DEFECT, FRESH, E.REFUSED, S.FAILED, NOW, 1),
    (Outcome.RENDER_FAILED, FRESH, E.REFUSED, S.FAILED, NOW, 1),
]


@pytest.mark.parametrize(("outcome", "job", "event", "state", "available_at", "spent"), ROWS, ids=str)
def test_an_outcome_moves_the_job_and_harms_nobody_else(
    outcome: Outcome, job: Standing, event: Event, state: JobState, available_at: int, spent: int
) -> None:
    assert ruled(outcome, job) == Verdict(event, state, available_at, spent)


def test_a_backoff_does_not_outlast_the_grace() -> None:
    job = standing(spent=3, deadline_at=NOW + 60_000)
    assert ruled(Outcome.NOT_POSTED, job) == Verdict(E.NOT_POSTED, S.QUEUED, NOW + 60_000 - LAST_TRY_MS, 4)
    assert absent(job, NOW, half).available_at == NOW + 40_000  # as it was drawn


def test_every_outcome_has_a_verdict() -> None:
    for outcome in Outcome:
        assert isinstance(ruled(outcome, FRESH), Verdict)


@pytest.mark.parametrize("job", [FRESH, LAST, LATE], ids=["fresh", "last", "late"])
def test_a_limit_holds_the_workspace_and_uses_up_nothing(job: Standing) -> None:
    until = NOW + 7_000
    expected = Verdict(E.RATE_LIMITED, S.QUEUED, until + SPREAD_MS // 2, job.spent, hold_until=until)
    assert ruled(Outcome.RATE_LIMITED, job, after_ms=7_000) == expected


def test_a_limit_without_an_instant_holds_half_a_minute_and_a_quota_an_hour() -> None:
    assert ruled(Outcome.RATE_LIMITED, FRESH).hold_until == NOW + 30_000
    assert ruled(Outcome.QUOTA, FRESH).hold_until == NOW + 3_600_000


@pytest.mark.parametrize("job", [FRESH, LAST, LATE], ids=["fresh", "last", "late"])
def test_a_refused_token_parks_the_job_and_pauses_its_workspace(job: Standing) -> None:
    expected = Verdict(E.WORKSPACE_PAUSED, S.QUEUED, NOW, job.spent, pauses_workspace=True)
    assert ruled(Outcome.TOKEN_REFUSED, job) == expected


def test_a_refused_token_that_was_rotated_pauses_nothing_and_uses_up_no_attempt() -> None:
    assert ruled(Outcome.TOKEN_REFUSED, LAST, renewed=True) == Verdict(E.TOKEN_ROTATED, S.QUEUED, NOW, LAST.spent)


def test_a_refused_channel_fails_the_job_and_suspends_its_schedule() -> None:
    expected = Verdict(E.REFUSED, S.FAILED, NOW, 1, suspends_schedule=True)
    assert ruled(Outcome.CHANNEL_REFUSED, FRESH) == expected


@pytest.mark.parametrize(("outcome", "spent"), [(Outcome.NOT_POSTED, 4), (Outcome.UNKNOWN, 4)])
def test_while_slack_is_down_for_all_no_attempt_is_counted(outcome: Outcome, spent: int) -> None:
    job = ruled(outcome, LAST, free=True)
    assert (job.spent, job.state is S.FAILED) == (spent, False)


@pytest.mark.parametrize(
    ("job", "event", "state"),
    [
        pytest.param(standing(spent=1), E.NOT_IN_HISTORY, S.QUEUED, id="sent again"),
        pytest.param(standing(spent=5), E.ATTEMPTS_EXHAUSTED, S.FAILED, id="unless that was the last attempt"),
        pytest.param(standing(spent=1, deadline_at=NOW), E.EXPIRED, S.FAILED, id="or its grace is over"),
    ],
)
def test_what_is_surely_not_there(job: Standing, event: Event, state: JobState) -> None:
    told = absent(job, NOW, half)
    assert (told.event, told.state, told.spent) == (event, state, job.spent)


@pytest.mark.parametrize(
    ("job", "policy", "event", "state"),
    [
        pytest.param(standing(spent=1), "hold", E.HISTORY_UNREADABLE_HOLD, S.HELD, id="held"),
        pytest.param(
            standing(spent=5), "hold", E.HISTORY_UNREADABLE_HOLD, S.HELD, id="held, after the last attempt too"
        ),
        pytest.param(standing(spent=1), "resend", E.HISTORY_UNREADABLE_RESEND, S.QUEUED, id="sent again"),
        pytest.param(standing(spent=5), "resend", E.ATTEMPTS_EXHAUSTED, S.FAILED, id="not after the last attempt"),
        pytest.param(
            standing(spent=1, deadline_at=NOW - 1), "resend", E.ATTEMPTS_EXHAUSTED, S.FAILED, id="nor after its grace"
        ),
    ],
)
def test_what_can_not_be_asked(job: Standing, policy: str, event: Event, state: JobState) -> None:
    told = unaskable(job, policy, NOW)
    assert (told.event, told.state) == (event, state)


@pytest.mark.parametrize(
    ("sent_ago", "retry_after_ms", "wait_ms"),
    [(2_000, 0, 1_200), (40_000, 0, 10_000), (40_000, 60_000, 60_000), (86_400_000, 0, 900_000)],
)
def test_a_history_that_stays_silent_is_asked_less_and_less(sent_ago: int, retry_after_ms: int, wait_ms: int) -> None:
    now = 1_800_000_000_000
    assert look_again_at(now - sent_ago, retry_after_ms, now) == now + wait_ms


@pytest.mark.parametrize(
    ("error", "late", "in_vain"),
    [
        ("http_403", True, True),
        ("http_403", False, False),
        ("no_progress", True, True),
        ("no_ts", True, True),
        ("timeout", True, False),
    ],
)
def test_a_history_that_refuses_for_good_is_given_up_once_the_deadline_has_passed(
    error: str, late: bool, in_vain: bool
) -> None:
    assert is_in_vain(error, NOW, NOW + late) is in_vain
