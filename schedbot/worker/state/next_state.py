"""Next state of a job after an attempt or a look-up: Slack's answer in; state, instant and side effects out. Pure.

`slack/error_codes.py` assigns Slack's errors to outcomes; `rules/lifecycle.py` is the table of transitions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.posts import SHARE_PENDING, THREAD_GONE
from schedbot.rules import backoff
from schedbot.rules.lifecycle import Event, after
from schedbot.slack import error_codes
from schedbot.store.jobs.unknown import LookUpResult

# Between our time-out and the instant from which a message that Slack still processed must be in the history.
ARRIVAL_MARGIN_MS = 1_000
SPREAD_MS = 3_000
RATE_LIMIT_MS = 30_000  # where Slack names no instant
QUOTA_HOLD_MS = 3_600_000
PART_GAP_MS = 1_000  # between two parts of a message: Slack takes one post a second for each channel
NOT_READY_MS = 600_000  # where the report names no time
LAST_TRY_MS = 5_000  # before the deadline: time to claim, to render, and for a busy channel
LOOK_UP_PACE_MS = 1_200  # tier 3: 50 a minute, https://docs.slack.dev/apis/web-api/rate-limits
LONGEST_LOOK_UP_WAIT_MS = 900_000
FINAL_AFTER_DEADLINE = ("no_progress", "no_ts", SHARE_PENDING)

SUCCEEDED = after(JobState.RUNNING, Event.POSTED)
# Events of attempts that use up nothing.
UNCOUNTED = {
    Outcome.LOST_UNSENT: Event.WORKER_DIED_UNSENT,
    Outcome.NOTHING_TO_REPORT: Event.NOTHING_TO_REPORT,
}

Random = Callable[[], float]


class RetryBudget(NamedTuple):
    """Attempts and time that a job has left. `spent`: attempts used up before; `look_up_at`: its first look-up.

    `part`: number of the present part of its message; `parts_left`: the number of those that follow.
    """

    deadline_at: int
    spent: int
    max_attempts: int
    look_up_at: int
    parts_left: int = 0
    part: int = 1


class Transition(NamedTuple):
    """A job's next state, when it may go on and its attempts used up, with the side effects.

    `hold_until`: nothing is sent to the workspace before that instant.
    """

    event: Event
    state: JobState
    available_at: int
    spent: int
    hold_until: int | None = None
    pauses_workspace: bool = False
    suspends_schedule: bool = False

    @property
    def has_effects(self) -> bool:
        """Does it change more than its job and channel?"""
        return self.hold_until is not None or self.pauses_workspace or self.suspends_schedule


def next_state(
    result: AttemptResult,
    budget: RetryBudget,
    now: int,
    random: Random,
    *,
    is_free: bool = False,
    is_rotated: bool = False,
) -> Transition:
    """Return the transition of a running job. `now` is UTC milliseconds; `random` returns 0 to 1.

    `is_free`: the attempt is not counted, because Slack is down. `is_rotated`: the token was refused, and its source
    now holds another.
    """
    spent = budget.spent + (not is_free)
    match result.outcome:
        case Outcome.POSTED:
            return go_on(result, budget, now)
        case Outcome.RATE_LIMITED | Outcome.QUOTA:
            return hold_for_limit(result, budget, now, random)
        case Outcome.TOKEN_REFUSED:
            return wait_for_token(result, budget, now, is_rotated=is_rotated)
        case Outcome.CHANNEL_REFUSED | Outcome.MESSAGE_REFUSED | Outcome.OUR_DEFECT | Outcome.RENDER_FAILED:
            return refuse(result, budget, now)
        case Outcome.NOT_READY:
            return ask_again(result, budget, now)
        case Outcome.UNKNOWN:
            return transition(Event.OUTCOME_UNKNOWN, budget.look_up_at, spent)
        case Outcome.LOST_UNSENT | Outcome.NOTHING_TO_REPORT:
            return transition(UNCOUNTED[result.outcome], now + (result.retry_after_ms or 0), budget.spent)
        case Outcome.NOT_POSTED:
            if result.retry_after_ms:  # Slack names the instant: wait for it, and use up nothing
                return wait_until(now + result.retry_after_ms, budget)
            return back_off(budget, spent, now, random)


def refuse(result: AttemptResult, budget: RetryBudget, now: int) -> Transition:
    """End the job; but if the thread of its schedule is gone, it opens another."""
    if result.error == THREAD_GONE and budget.part == 1:
        return transition(Event.THREAD_GONE, now, budget.spent)
    refused = transition(Event.REFUSED, now, budget.spent + 1)
    return refused._replace(suspends_schedule=result.outcome is Outcome.CHANNEL_REFUSED)


def go_on(result: AttemptResult, budget: RetryBudget, now: int) -> Transition:
    """Send the next part of the message, which has all attempts before it; or end with the last part.

    A part that went to the channel, because somebody deleted the message that it belongs to, is followed by none.
    """
    if budget.parts_left and budget.part > 1 and result.error == THREAD_GONE:
        return transition(Event.REFUSED, now, budget.spent + 1)
    if budget.parts_left:
        return transition(Event.PART_POSTED, now + PART_GAP_MS, 0)
    return transition(Event.POSTED, now, budget.spent + 1)


def transition(event: Event, available_at: int, spent: int) -> Transition:
    return Transition(event, after(JobState.RUNNING, event), available_at, spent)


def hold_for_limit(result: AttemptResult, budget: RetryBudget, now: int, random: Random) -> Transition:
    """Hold the workspace for a rate limit; it uses up no attempt. Spread, so that not all jobs return at once."""
    default_ms = QUOTA_HOLD_MS if result.outcome is Outcome.QUOTA else RATE_LIMIT_MS
    until = now + (result.retry_after_ms or default_ms)
    held = transition(Event.RATE_LIMITED, until + int(random() * SPREAD_MS), budget.spent)
    return held._replace(hold_until=until)


def wait_for_token(result: AttemptResult, budget: RetryBudget, now: int, *, is_rotated: bool) -> Transition:
    """Wait for a token: for a moment if its source may give one, at once for a new one, else until a person comes."""
    if result.retry_after_ms:
        awaited = transition(Event.TOKEN_AWAITED, now + result.retry_after_ms, budget.spent)
        return awaited._replace(hold_until=awaited.available_at)
    event = Event.TOKEN_ROTATED if is_rotated else Event.WORKSPACE_PAUSED
    return transition(event, now, budget.spent)._replace(pauses_workspace=not is_rotated)


def wait_until(retry_at: int, budget: RetryBudget) -> Transition:
    """Try again at the instant that Slack names, if that is within the grace."""
    return transition(Event.NOT_POSTED if retry_at <= budget.deadline_at else Event.EXPIRED, retry_at, budget.spent)


def ask_again(result: AttemptResult, budget: RetryBudget, now: int) -> Transition:
    """Render again at the instant that the report names; the last time just before the deadline. Uses up no attempt."""
    last_at = budget.deadline_at - LAST_TRY_MS
    if last_at < now + backoff.MIN_MS:
        return transition(Event.EXPIRED, now, budget.spent)
    return transition(Event.NOT_READY, min(last_at, now + (result.retry_after_ms or NOT_READY_MS)), budget.spent)


def back_off(budget: RetryBudget, spent: int, now: int, random: Random) -> Transition:
    """Try again after a backoff, while attempts and grace last; the last try comes just before the deadline."""
    if spent >= budget.max_attempts:
        return transition(Event.ATTEMPTS_EXHAUSTED, now, spent)
    retry_at = now + backoff.wait_ms(spent, random)
    if retry_at > budget.deadline_at:
        retry_at = budget.deadline_at - LAST_TRY_MS
    if retry_at < now + backoff.MIN_MS:
        return transition(Event.EXPIRED, now, spent)
    return transition(Event.NOT_POSTED, retry_at, spent)


# -- after a look-up


@dataclass(frozen=True, slots=True)
class LookUpTransition:
    """Next state of a job of unknown outcome, when it may go on, and the error that is kept with it."""

    state: JobState
    available_at: int
    error: str | None


def next_state_after_look_up(
    result: LookUpResult, now: int, retry_after_ms: int, random: Random, *, is_outage: bool
) -> LookUpTransition:
    """Return the transition of a job of unknown outcome.

    `is_outage`: Slack is down, so no attempts are used up, and only the deadline ends the job.
    """
    job = result.job
    max_attempts = job.spent + 1 if is_outage else job.max_attempts
    budget = RetryBudget(job.deadline_at, job.spent, max_attempts, now)
    match "cannot_ask" if is_hopeless(result, now) else result.answer:
        case "found" if job.part in range(2, job.parts) and result.error == THREAD_GONE:
            return LookUpTransition(after(JobState.UNKNOWN, Event.REFUSED), now, THREAD_GONE)
        case "found" if job.part < job.parts:
            return LookUpTransition(after(JobState.UNKNOWN, Event.PART_POSTED), now + PART_GAP_MS, None)
        case "found":
            return LookUpTransition(after(JobState.UNKNOWN, Event.IN_HISTORY), now, None)
        case "absent" | "cannot_ask" if job.attempt_error and not error_codes.is_known(job.attempt_error):
            return LookUpTransition(after(JobState.UNKNOWN, Event.CODE_UNLISTED), now, job.attempt_error)
        case "absent":
            absent = next_state_when_absent(budget, now, random)
            error = {Event.EXPIRED: "deadline", Event.ATTEMPTS_EXHAUSTED: "not_arrived"}.get(absent.event)
            return LookUpTransition(absent.state, absent.available_at, error)
        case "cannot_ask":
            is_accepted = job.attempt_error == SHARE_PENDING != result.error  # the file would be shared twice for sure
            fallback = next_state_by_policy(budget, "hold" if is_accepted else job.on_unknown, now)
            error = None if fallback.state is JobState.QUEUED else result.error
            return LookUpTransition(fallback.state, fallback.available_at, error)
        case _:
            since = now if is_rate_limit_or_next_page(result) else job.sent_at
            return LookUpTransition(JobState.UNKNOWN, next_look_up_at(since, retry_after_ms, now), result.error)


def next_state_when_absent(budget: RetryBudget, now: int, random: Random) -> Transition:
    """Return the transition of a post that is not in the history: the same as after an attempt that posted nothing."""
    retry = back_off(budget, budget.spent, now, random)
    event = Event.NOT_IN_HISTORY if retry.event is Event.NOT_POSTED else retry.event
    return Transition(event, after(JobState.UNKNOWN, event), retry.available_at, budget.spent)


def next_state_by_policy(budget: RetryBudget, on_unknown: str, now: int) -> Transition:
    """Return the transition where the history cannot be asked: by the schedule's policy, send again or hold."""
    event = Event.HISTORY_UNREADABLE_HOLD
    if on_unknown == "resend":
        has_budget = budget.spent < budget.max_attempts and now <= budget.deadline_at
        event = Event.HISTORY_UNREADABLE_RESEND if has_budget else Event.ATTEMPTS_EXHAUSTED
    return Transition(event, after(JobState.UNKNOWN, event), now, budget.spent)


def next_look_up_at(sent_at: int, retry_after_ms: int, now: int) -> int:
    """Return when to ask again a history that gave no answer: after a quarter of the time since the post."""
    return now + max(LOOK_UP_PACE_MS, retry_after_ms, min(LONGEST_LOOK_UP_WAIT_MS, (now - sent_at) // 4))


def is_hopeless(result: LookUpResult, now: int) -> bool:
    """Will no later look-up give an answer, because the error is final or the workspace was removed?"""
    job = result.job
    is_final = is_final_error(result.error, job.deadline_at, now)
    return result.answer == "later" and (is_final or (job.is_removed and waits_for_token(result)))


def is_final_error(error: str | None, deadline_at: int, now: int) -> bool:
    """Is the error final? A refusal by HTTP may be a proxy's and pass, so it is final only after the deadline."""
    return now > deadline_at and error is not None and (error.startswith("http_4") or error in FINAL_AFTER_DEADLINE)


def waits_for_token(result: LookUpResult) -> bool:
    """Was the token refused, so that another may give an answer?"""
    return result.answer == "later" and error_codes.is_token_refused(result.error)


def is_rate_limit_or_next_page(result: LookUpResult) -> bool:
    """Does the look-up wait only for a rate limit or for the next page? Then it waits no longer than Slack says."""
    return result.error is None or error_codes.explain(result.error).outcome is Outcome.RATE_LIMITED
