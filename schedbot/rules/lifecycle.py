"""State machine of a job: events, and the state that each event leads to.

This table is the only place that decides about states. Statements that write a state bind a value of this table. Pure.
"""

from enum import StrEnum

from schedbot.model import CancelReason, JobState


class Event(StrEnum):
    """Event that changes the state of a job. The first three make one."""

    ENQUEUED = "enqueued"
    MISSED = "missed"
    SKIPPED = "skipped"
    CLAIMED = "claimed"
    RELEASED = "released"
    POSTED = "posted"
    PART_POSTED = "part posted"
    RATE_LIMITED = "rate limited"
    WORKSPACE_PAUSED = "workspace paused"
    TOKEN_ROTATED = "token rotated"
    TOKEN_AWAITED = "token awaited"
    NOT_POSTED = "not posted"
    REFUSED = "refused"
    THREAD_GONE = "thread gone"
    NOT_READY = "not ready"
    NOTHING_TO_REPORT = "nothing to report"
    ATTEMPTS_EXHAUSTED = "attempts exhausted"
    EXPIRED = "expired"
    EXPIRED_UNTRIED = "expired untried"
    OUTCOME_UNKNOWN = "outcome unknown"
    WORKER_DIED_UNSENT = "worker died, not sent"
    WORKER_DIED_SENT = "worker died, sent"
    IN_HISTORY = "in the history"
    NOT_IN_HISTORY = "not in the history"
    CODE_UNLISTED = "code unlisted"
    HISTORY_UNREADABLE_HOLD = "history unreadable: hold"
    HISTORY_UNREADABLE_RESEND = "history unreadable: resend"
    MARKED_POSTED = "marked posted"
    RETRIED = "retried"
    CANCELLED = "cancelled"
    SKIPPED_AFTER_ATTEMPT = "skipped after an attempt"
    ENQUEUED_AGAIN = "enqueued again"


E = Event
QUEUED, RUNNING, UNKNOWN, HELD = JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN, JobState.HELD
SUCCEEDED, FAILED, MISSED = JobState.SUCCEEDED, JobState.FAILED, JobState.MISSED
SKIPPED, CANCELLED = JobState.SKIPPED, JobState.CANCELLED

# State of a new job.
NEW: dict[Event, JobState] = {
    E.ENQUEUED: QUEUED,  # by a tick, or by a person: run-now, backfill
    E.MISSED: MISSED,  # by a tick: the misfire policy does not run it
    E.SKIPPED: SKIPPED,  # by a tick: a calendar skips it; or by a person, in advance
}

MOVES: dict[tuple[JobState, Event], JobState] = {
    # from       on                    to
    (QUEUED, E.CLAIMED): RUNNING,
    (QUEUED, E.CANCELLED): CANCELLED,  # its schedule was paused, changed, suspended or removed, or all were paused
    (QUEUED, E.SKIPPED): SKIPPED,  # by a person or a calendar: this occurrence alone
    (QUEUED, E.SKIPPED_AFTER_ATTEMPT): FAILED,  # by a calendar
    (QUEUED, E.EXPIRED): FAILED,  # its workspace was resumed, and its grace is over, after an attempt
    (QUEUED, E.EXPIRED_UNTRIED): MISSED,  # its workspace was resumed, and its grace is over, without an attempt
    (QUEUED, E.IN_HISTORY): SUCCEEDED,  # of a restored backup: it was posted since
    (QUEUED, E.HISTORY_UNREADABLE_HOLD): HELD,  # of a restored backup: it may have been posted since
    (RUNNING, E.SKIPPED): SKIPPED,  # by a person or a calendar, before its request is sent
    (RUNNING, E.SKIPPED_AFTER_ATTEMPT): FAILED,  # by a calendar, before its request is sent
    (RUNNING, E.RELEASED): QUEUED,  # the pool stops, the channel is busy, or the calendar is closed
    (RUNNING, E.CANCELLED): CANCELLED,  # before its request is sent, or instead of a retry
    (RUNNING, E.POSTED): SUCCEEDED,
    (RUNNING, E.PART_POSTED): QUEUED,  # its next part follows; the part uses up no attempt of the next
    (RUNNING, E.RATE_LIMITED): QUEUED,  # uses up no attempt
    (RUNNING, E.WORKSPACE_PAUSED): QUEUED,  # its token was refused; uses up no attempt
    (RUNNING, E.TOKEN_ROTATED): QUEUED,  # again at once, with the new token; uses up no attempt
    (RUNNING, E.TOKEN_AWAITED): QUEUED,  # its token could not be read for a moment; uses up no attempt
    (RUNNING, E.NOT_POSTED): QUEUED,  # again after a backoff
    (RUNNING, E.REFUSED): FAILED,  # Slack will never accept it
    (RUNNING, E.THREAD_GONE): QUEUED,  # the thread of its schedule was deleted: it opens another; uses up no attempt
    (RUNNING, E.NOT_READY): QUEUED,  # its report says that its data is not there yet; uses up no attempt
    (RUNNING, E.NOTHING_TO_REPORT): SKIPPED,  # by its report
    (RUNNING, E.ATTEMPTS_EXHAUSTED): FAILED,
    (RUNNING, E.EXPIRED): FAILED,  # its grace is over, after an attempt
    (RUNNING, E.EXPIRED_UNTRIED): MISSED,  # its grace is over, without an attempt
    (RUNNING, E.OUTCOME_UNKNOWN): UNKNOWN,  # its request was sent, and no clear response came
    (RUNNING, E.WORKER_DIED_UNSENT): QUEUED,
    (RUNNING, E.WORKER_DIED_SENT): UNKNOWN,
    (UNKNOWN, E.IN_HISTORY): SUCCEEDED,
    (UNKNOWN, E.PART_POSTED): QUEUED,  # in the history, or by a person; its next part follows
    (UNKNOWN, E.REFUSED): FAILED,  # its message was deleted: the part is in the channel, and no part follows
    (UNKNOWN, E.NOT_IN_HISTORY): QUEUED,
    (UNKNOWN, E.ATTEMPTS_EXHAUSTED): FAILED,  # not in the history, and no attempt is left
    (UNKNOWN, E.EXPIRED): FAILED,  # not in the history, and its grace is over
    (UNKNOWN, E.CANCELLED): CANCELLED,  # instead of a retry
    (UNKNOWN, E.CODE_UNLISTED): HELD,  # not in the history; Slack returned a code that schedbot does not know
    (UNKNOWN, E.HISTORY_UNREADABLE_HOLD): HELD,
    (UNKNOWN, E.HISTORY_UNREADABLE_RESEND): QUEUED,
    (UNKNOWN, E.MARKED_POSTED): SUCCEEDED,  # by a person
    (HELD, E.MARKED_POSTED): SUCCEEDED,  # by a person
    (HELD, E.PART_POSTED): QUEUED,  # by a person; its next part follows
    (HELD, E.RETRIED): QUEUED,  # by a person
    (FAILED, E.RETRIED): QUEUED,  # by a person
    (MISSED, E.RETRIED): QUEUED,  # by a person, with --stale
    (CANCELLED, E.ENQUEUED_AGAIN): QUEUED,  # its schedule, or all, were resumed or changed back in time
    (CANCELLED, E.SKIPPED): SKIPPED,  # by a person: it does not come back with its schedule
    (CANCELLED, E.RETRIED): QUEUED,  # by a person, after a pause or suspension
    (SKIPPED, E.RETRIED): QUEUED,  # by a person, if a person skipped it
}


# A person may have a job sent after all that ended for one of these reasons. A changed schedule has another rule.
REVERSIBLE = (
    CancelReason.SCHEDULE_PAUSED,
    CancelReason.SCHEDULE_SUSPENDED,
    CancelReason.SKIPPED_BY_HAND,
    CancelReason.ALL_PAUSED,
)


def is_retriable(state: JobState, cancel_reason: CancelReason | None) -> bool:
    """May a person have a job in that state sent after all?"""
    return (state, Event.RETRIED) in MOVES and (state not in (CANCELLED, SKIPPED) or cancel_reason in REVERSIBLE)


def after(state: JobState, event: Event) -> JobState:
    """Return the state that `event` leads to. Raises ValueError for a move that is not in the table: a defect."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise ValueError(f"a job that is {state.value} cannot be {event.value}") from None
