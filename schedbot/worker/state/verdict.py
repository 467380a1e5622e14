"""What becomes of a job after an attempt: Slack's answer in, the next state and instant out. Pure.

`../docs` and `audit` explain the same groups by the table in `slack/answers.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules import backoff
from schedbot.rules.lifecycle import Event, after

# A request starts at most this long after its intent was written: a child that was stopped meanwhile does not post.
WINDOW_MS = 2_000
# Between our time-out and the moment from which on a message that Slack still had in hand must be in the history.
MARGIN_MS = 1_000
SPREAD_MS = 3_000
QUOTA_HOLD_MS = 3_600_000
LAST_TRY_MS = 5_000  # before the deadline: a job is claimed and rendered, and its channel may be busy
LOOK_UP_PACE_MS = 1_200  # tier 3: 50 a minute
LONGEST_LOOK_UP_WAIT_MS = 900_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands when its attempt ends: what it has used up, what it may, and until when."""

    due_at: int
    deadline_at: int
    spent: int
    max_attempts: int
    look_up_at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The job's next state; when it may go on; what is used up; and who is held, paused or suspended by it."""

    event: Event
    state: JobState
    available_at: int
    spent: int
    hold_until: int | None = None
    pauses_workspace: bool = False
    suspends_schedule: bool = False


def verdict(
    reply: AttemptResult,
    job: Standing,
    now: int,
    random: Callable[[], float],
    *,
    free: bool = False,
    renewed: bool = False,
) -> Verdict:
    """What `reply` means for a running job. `now` in milliseconds UTC; `random` gives 0 to 1.

    `free`: Slack is down for all, and the attempt is not counted. `renewed`: another token has taken the place of the
    one that was refused.
    """
    counted = job.spent + (not free)
    match reply.outcome:
        case Outcome.POSTED:
            return moved(Event.POSTED, now, job.spent + 1)
        case Outcome.RATE_LIMITED | Outcome.QUOTA:
            return throttled(reply, job, now, random)
        case Outcome.TOKEN_REFUSED:
            event = Event.TOKEN_ROTATED if renewed else Event.WORKSPACE_PAUSED
            return moved(event, now, job.spent, pauses_workspace=not renewed)
        case Outcome.CHANNEL_REFUSED:
            return moved(Event.REFUSED, now, job.spent + 1, suspends_schedule=True)
        case Outcome.MESSAGE_REFUSED | Outcome.OUR_DEFECT | Outcome.RENDER_FAILED:
            return moved(Event.REFUSED, now, job.spent + 1)
        case Outcome.UNKNOWN:
            return moved(Event.OUTCOME_UNKNOWN, job.look_up_at, counted)
        case Outcome.LOST_UNSENT:
            return moved(Event.WORKER_DIED_UNSENT, now, job.spent)
        case Outcome.NOT_POSTED:
            if reply.retry_after_ms:  # Slack's own state: it waits, and uses up nothing
                return waited_for(job, now + reply.retry_after_ms)
            return put_off(job, counted, now, random)


def moved(event: Event, available_at: int, spent: int, **more: bool) -> Verdict:
    return Verdict(event, after(JobState.RUNNING, event), available_at, spent, **more)


def throttled(reply: AttemptResult, job: Standing, now: int, random: Callable[[], float]) -> Verdict:
    """A limit holds the method in the workspace, and uses up no attempt. Spread, so that no herd returns at once."""
    quota = reply.outcome is Outcome.QUOTA
    until = now + (reply.retry_after_ms or (QUOTA_HOLD_MS if quota else 30_000))
    state = after(JobState.RUNNING, Event.RATE_LIMITED)
    return Verdict(Event.RATE_LIMITED, state, until + int(random() * SPREAD_MS), job.spent, hold_until=until)


def waited_for(job: Standing, again_at: int) -> Verdict:
    """Nothing can be posted there for a long while: again after it, while the grace lasts."""
    return moved(Event.NOT_POSTED if again_at <= job.deadline_at else Event.EXPIRED, again_at, job.spent)


def put_off(job: Standing, spent: int, now: int, random: Callable[[], float]) -> Verdict:
    """Nothing was posted: again after a backoff, while attempts and grace last; just before its grace ends at last."""
    if spent >= job.max_attempts:
        return moved(Event.ATTEMPTS_EXHAUSTED, now, spent)
    again_at = now + backoff.wait_ms(spent, random)
    if again_at > job.deadline_at:
        again_at = job.deadline_at - LAST_TRY_MS
    if again_at < now + backoff.LEAST_MS:
        return moved(Event.EXPIRED, now, spent)
    return moved(Event.NOT_POSTED, again_at, spent)


def absent(job: Standing, now: int, random: Callable[[], float]) -> Verdict:
    """The history says that the message is not there: as after an attempt that posted nothing."""
    again = put_off(job, job.spent, now, random)
    event = Event.NOT_IN_HISTORY if again.event is Event.NOT_POSTED else again.event
    return Verdict(event, after(JobState.UNKNOWN, event), again.available_at, job.spent)


def unaskable(job: Standing, on_unknown: str, now: int) -> Verdict:
    """The history cannot be asked: the schedule says whether it is sent again or held for a person."""
    event = Event.HISTORY_UNREADABLE_HOLD
    if on_unknown == "resend":
        event = (
            Event.HISTORY_UNREADABLE_RESEND
            if job.spent < job.max_attempts and now <= job.deadline_at
            else Event.ATTEMPTS_EXHAUSTED
        )
    return Verdict(event, after(JobState.UNKNOWN, event), now, job.spent)


def look_again_at(sent_at: int, retry_after_ms: int, now: int) -> int:
    """When a history that gave no answer is asked once more: after a quarter of the time that has passed already."""
    return now + max(LOOK_UP_PACE_MS, retry_after_ms, min(LONGEST_LOOK_UP_WAIT_MS, (now - sent_at) // 4))


def is_in_vain(error: str | None, deadline_at: int, now: int) -> bool:
    """Does asking lead nowhere? A refusal by HTTP may be a proxy's and pass, so it has until the job's deadline."""
    return now > deadline_at and error is not None and (error.startswith("http_4") or error in ("no_progress", "no_ts"))
