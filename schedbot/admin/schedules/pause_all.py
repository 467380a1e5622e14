"""`pause --all` and `resume --all`: stop all posts, and let each schedule keep its own state.

While the pause is on, nothing is enqueued: `run-now`, `retry` and `backfill` are refused too.
"""

from dataclasses import dataclass
from typing import Any

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.fields import parsers
from schedbot.errors import BadInput
from schedbot.session import Session
from schedbot.store.fanout import pause_all as rows
from schedbot.store.fanout import pause_all_end
from schedbot.store.jobs import called_off as called_off_jobs
from schedbot.store.jobs.called_off import NO_JOBS, CalledOffJobs
from schedbot.store.schedules import pauses_of_all
from schedbot.store.schedules.pauses_of_all import PauseOfAll

RESUME = "schedbot resume --all"
# The object of the change records.
ALL = ChangedObject("installation", "all", "all schedules", None)


@dataclass(frozen=True, slots=True)
class PauseChange:
    """The pause after a command, or None, whether it changed, and the number of jobs cancelled or enqueued."""

    pause: PauseOfAll | None
    is_changed: bool
    jobs: int = 0
    called_off: CalledOffJobs = NO_JOBS  # after a resume: jobs that waited when the pause began


def pause(session: Session, reason: str, until: str) -> PauseChange:
    """Pause all schedules; for a pause that is on, change its reason or end. Raises BadInput."""
    context, reason = ChangeContext.begin(session, "pause"), parsers.parse_reason(reason)
    with session.db.writing():
        pause_all_end.settle(session.db, context.now)
        before = pauses_of_all.get_open(session.db)
        end = parse_end(session, until, before, context.now)
        if before and not reason and not until:
            return PauseChange(before, is_changed=False)
        new_reason = reason or (before.reason if before else "") or "paused by hand"
        cancelled = rows.begin(session.db, new_reason, context.actor, end, context.now)
        after = pauses_of_all.get_open(session.db)
        context.record(session.db, ALL, serialize(before), serialize(after))
    return PauseChange(after, is_changed=True, jobs=cancelled)


def parse_end(session: Session, until: str, before: PauseOfAll | None, now: int) -> int | None:
    """Return the end of the pause, on this machine's clock; its present end for an empty text. Raises BadInput."""
    if until in parsers.DEFAULT_WORDS:
        return None if until or before is None else before.paused_until
    end = times.parse_future(until, session.local_zone, now)
    if end <= now:
        shown = times.format_instant(end, session.local_zone)
        raise BadInput(f"{times.quote(until)} is past: {shown}.", "Use an instant in the future.")
    return end


def resume(session: Session) -> PauseChange:
    """End the pause of all schedules. Each goes on in its own state, with the occurrences after now."""
    context = ChangeContext.begin(session, "resume")
    with session.db.writing():
        pause_all_end.settle(session.db, context.now)
        before = pauses_of_all.get_open(session.db)
        if before is None:
            if pauses_of_all.make_final(session.db):
                context.record(session.db, ALL, serialize(None), serialize(None))
            return PauseChange(None, is_changed=False)
        enqueued = rows.end(session.db, context.actor, context.now)
        called_off = called_off_jobs.by_pause(session.db, before.id, before.paused_at)
        context.record(session.db, ALL, serialize(before), serialize(None))
    session.db.wake()
    return PauseChange(None, is_changed=True, jobs=enqueued, called_off=called_off)


def refuse_while_paused(session: Session) -> None:
    """Raise BadInput while all schedules are paused, for commands that post."""
    present = pauses_of_all.get_present(session.db, session.now())
    if present:
        raise BadInput(describe(session, present), f"First run '{RESUME}'.")


def describe(session: Session, present: PauseOfAll) -> str:
    """Return `All posts are paused since 09:00 UTC (ann): moving.`, with the end of a timed pause."""
    since, until = (
        "" if at is None else f" {word} {times.format_instant(at, session.local_zone, session.now())}"
        for word, at in (("since", present.paused_at), ("until", present.paused_until))
    )
    return f"All posts are paused{since}{until} ({present.paused_by}): {present.reason}."


def serialize(present: PauseOfAll | None) -> dict[str, Any]:
    """Return the values of the pause for change records and JSON."""
    if present is None:
        return {"state": "active", "reason": None, "paused_until": None}
    until = present.paused_until
    return {
        "state": "paused",
        "reason": present.reason,
        "paused_until": None if until is None else times.to_rfc3339(until),
    }
