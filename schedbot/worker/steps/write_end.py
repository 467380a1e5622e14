"""Write the ends of attempts: those that change only their job and channel all at once, any other with its effects."""

from collections.abc import Sequence, Set
from typing import NamedTuple

from schedbot import log
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.posts import THREAD_GONE
from schedbot.rules.channel_pace import PACE_MS
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due
from schedbot.store.jobs import attempt_ends, message_parts, pacing, settlement, threads
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.pacing import ChannelKey, ChannelRelease
from schedbot.store.schedules import schedules
from schedbot.worker.state.next_state import SPREAD_MS, Transition
from schedbot.worker.state.passing_failures import waits_by_itself
from schedbot.worker.state.send_queue import Delivery

ChannelsToRelease = Set[ChannelKey] | None
EXPECTED = (Outcome.RATE_LIMITED, Outcome.LOST_UNSENT, Outcome.NOT_READY, Outcome.NOTHING_TO_REPORT)


class EndedDelivery(NamedTuple):
    """A delivery and the end of its attempt."""

    end: attempt_ends.AttemptEnd
    delivery: Delivery


def write_ends(db: Database, ended: Sequence[EndedDelivery], channels: ChannelsToRelease) -> list[JobState | None]:
    """Write the ends of attempts, and release these channels (None: all). Return the states of their jobs."""
    return attempt_ends.end_all(
        db,
        [
            end._replace(release=find_release(end, delivery))
            if channels is None or delivery.channel in channels
            else end
            for end, delivery in ended
        ],
    )


def find_release(end: attempt_ends.AttemptEnd, delivery: Delivery) -> ChannelRelease | None:
    """Return the release of the channel that a delivery held; None if it held none."""
    if delivery.sent_at is None:
        return None
    free_at = end.ended_at + PACE_MS if end.result.was_sent else end.ended_at
    return ChannelRelease(*delivery.channel, free_at, delivery.channel_held_until)


def write_end(
    db: Database, ended: EndedDelivery, transition: Transition, channels: ChannelsToRelease
) -> JobState | None:
    """Write an attempt's end with its effects on workspace and schedule. Return the job's state."""
    end, delivery = ended
    job, now = delivery.job, end.ended_at
    [state] = write_ends(db, [ended], channels)
    if state is None:
        return None
    if delivery.has_place or end.result.error == THREAD_GONE:
        write_place(db, end, delivery)
    if transition.hold_until is not None:
        pacing.hold(db, job.workspace_id, pacing.POST, "", now, transition.hold_until)
        pacing.postpone_jobs(db, job.workspace_id, transition.hold_until, SPREAD_MS)
    if transition.pauses_workspace:
        reason = end.result.error or "token refused"
        settlement.pause_workspace(db, job.workspace_id, reason, now, job.resumes)
    if transition.suspends_schedule:
        reason = end.result.error or "channel refused"
        enqueue_due.catch_up(db, schedules.recurrence_id(db, job.schedule_id), now)  # later ticks leave it out
        settlement.suspend_schedule(db, job.schedule_id, job.schedule_channel, reason, now)
    return state


def write_place(db: Database, end: attempt_ends.AttemptEnd, delivery: Delivery) -> None:
    """Write what an attempt's end means for the parts of its message and the thread of its schedule."""
    job, ts, thread_ts = delivery.job, end.result.ts, delivery.job.options.thread_ts
    if ts and delivery.parts > 1:
        message_parts.end_part(db, job.id, delivery.part, ts, end.available_at)
    if end.result.error == THREAD_GONE and ts and delivery.part == 1:
        threads.replace_by(db, job.schedule_id, thread_ts, job.id, ts)
    elif end.result.error == THREAD_GONE:
        threads.forget(db, job.schedule_id, thread_ts)
    elif ts and delivery.part == 1 and not thread_ts:
        threads.open_by(db, job.schedule_id, job.id, ts)


def log_result(job: ClaimedJob, result: AttemptResult, state: str | None) -> None:
    """Log an attempt that did not simply succeed."""
    if result.outcome is Outcome.POSTED or waits_by_itself(result):
        return
    level = "info" if result.outcome in EXPECTED else "warning"
    facts = {"job": job.id, "schedule": job.schedule, "workspace": job.workspace, "channel": job.channel}
    log.event(result.outcome.value, level, **facts, error=result.error, detail=result.detail, state=state)
