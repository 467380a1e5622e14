"""The life of a job: which event moves it from which state to which.

This table is the only place where that is decided. Pure.
"""

from enum import StrEnum

from schedbot.model import JobState


class Event(StrEnum):
    """What can befall a job."""

    CLAIMED = "claimed"
    GIVEN_BACK = "given back"
    POSTED = "posted"
    THROTTLED = "throttled"
    PARKED = "parked"
    RENEWED = "token renewed"
    PUT_OFF = "put off"
    REFUSED = "refused"
    SPENT = "spent"
    EXPIRED = "expired"
    EXPIRED_UNTRIED = "expired untried"
    SILENT = "silent"
    LOST_UNSENT = "lost unsent"
    LOST_SENT = "lost sent"
    FOUND = "found"
    ABSENT = "absent"
    UNASKABLE_HOLD = "cannot be asked: hold"
    UNASKABLE_RESEND = "cannot be asked: resend"
    MARKED_POSTED = "marked posted"
    RETRIED = "retried"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    SHUT_OUT = "shut out"
    REVIVED = "revived"


E = Event
QUEUED, RUNNING, UNKNOWN, HELD = JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN, JobState.HELD
SUCCEEDED, FAILED, MISSED = JobState.SUCCEEDED, JobState.FAILED, JobState.MISSED
SKIPPED, CANCELLED = JobState.SKIPPED, JobState.CANCELLED

MOVES: dict[tuple[JobState, Event], JobState] = {
    # from       on                    to
    (QUEUED, E.CLAIMED): RUNNING,
    (QUEUED, E.CANCELLED): CANCELLED,  # its schedule was paused, changed or removed
    (QUEUED, E.SKIPPED): SKIPPED,  # by a person, or a calendar: this occurrence alone
    (QUEUED, E.SHUT_OUT): FAILED,  # left out by a calendar, some attempt was made
    (RUNNING, E.SKIPPED): SKIPPED,  # by a person, or a calendar that is closed; only while nothing has left
    (RUNNING, E.SHUT_OUT): FAILED,  # left out by a calendar that is closed by now, some attempt was made
    (RUNNING, E.GIVEN_BACK): QUEUED,  # the pool is asked to stop, its channel is busy, or its calendar closed
    (RUNNING, E.CANCELLED): CANCELLED,  # only while nothing has left, or where it would be sent again
    (RUNNING, E.POSTED): SUCCEEDED,
    (RUNNING, E.THROTTLED): QUEUED,  # uses up no attempt
    (RUNNING, E.PARKED): QUEUED,  # its workspace is paused; uses up no attempt
    (RUNNING, E.RENEWED): QUEUED,  # its token was rotated: again at once; uses up no attempt
    (RUNNING, E.PUT_OFF): QUEUED,  # nothing was posted; again after a backoff
    (RUNNING, E.REFUSED): FAILED,  # Slack will never take it
    (RUNNING, E.SPENT): FAILED,  # that was the last attempt
    (RUNNING, E.EXPIRED): FAILED,  # its grace is over, some attempt was made
    (RUNNING, E.EXPIRED_UNTRIED): MISSED,  # its grace is over, none was made
    (RUNNING, E.SILENT): UNKNOWN,  # it left, and no clear answer came
    (RUNNING, E.LOST_UNSENT): QUEUED,  # the worker died before the request left
    (RUNNING, E.LOST_SENT): UNKNOWN,  # it died after: ask the channel's history
    (UNKNOWN, E.FOUND): SUCCEEDED,
    (UNKNOWN, E.ABSENT): QUEUED,
    (UNKNOWN, E.SPENT): FAILED,  # surely absent, and no attempt is left
    (UNKNOWN, E.EXPIRED): FAILED,  # surely absent, and its grace is over
    (UNKNOWN, E.CANCELLED): CANCELLED,  # it would be sent again, and its schedule was paused or removed
    (UNKNOWN, E.UNASKABLE_HOLD): HELD,
    (UNKNOWN, E.UNASKABLE_RESEND): QUEUED,
    (UNKNOWN, E.MARKED_POSTED): SUCCEEDED,  # by a person
    (HELD, E.MARKED_POSTED): SUCCEEDED,  # by a person
    (HELD, E.RETRIED): QUEUED,  # by a person
    (FAILED, E.RETRIED): QUEUED,  # by a person
    (MISSED, E.RETRIED): QUEUED,  # by a person, with --stale
    (CANCELLED, E.REVIVED): QUEUED,  # its schedule was resumed before it was due
    (CANCELLED, E.SKIPPED): SKIPPED,  # by a person: it is not to come back with its schedule
}


def after(state: JobState, event: Event) -> JobState:
    """The state that `event` leads to. Raises ValueError for a move that is not in the table: a defect."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise ValueError(f"a job that is {state.value} cannot be {event.value}") from None
