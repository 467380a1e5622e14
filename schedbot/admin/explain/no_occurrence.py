"""It has no occurrence at a time that was asked for: whether it was over or had not begun, and what is around it.

Rule: only what is its own is named: an instant of its rule before its start, its last change or after its end is none.
"""

from schedbot import times
from schedbot.admin.explain import blockers
from schedbot.admin.schedules import occurrences
from schedbot.model import Schedule
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.history import occurrence


def nothing(session: Session, schedule: Schedule, at: int, exact: bool) -> tuple[list[str], tuple[str, ...]]:
    """The sentences, and what helps; `exact`: somebody has asked for that instant, else for the last occurrence."""
    if gone := blockers.gone(session, schedule, at):
        return [gone[0]], gone[1]
    after = following(schedule, at)
    stop = blockers.to_come(session, schedule, after) if after is not None else None
    when = "has been due yet" if not exact else "is due then" if at > session.now() else "was due then"
    told = [f"Nothing {when}: {recurrence.describe(schedule.recurrence)}.", out_of_its_time(schedule, at)]
    if schedule.recurrence.once_at is None:
        zone = times.zone(schedule.recurrence.tz)
        before = preceding(session, schedule, at)
        told.append("" if before is None else f"The occurrence before is {times.format_instant(before, zone)}.")
        name = "occurrence after" if exact else "first"
        if after is not None:
            ruled = by_calendar(schedule, after, session.now())
            told.append(f"The {name} is {times.format_instant(after, zone)}.{ruled}")
    return [*filter(None, told), *([stop[0]] if stop else [])], stop[1] if stop else ()


def out_of_its_time(schedule: Schedule, at: int) -> str:
    """That it had not started by then, or was over; else empty."""
    terms, zone = schedule.terms, times.zone(schedule.recurrence.tz)
    if terms.starts_at is not None and at < terms.starts_at:
        return f"It starts later, on {times.format_instant(terms.starts_at, zone)}."
    if terms.until_at is not None and at > terms.until_at:
        return f"It was over by then: its end is {times.format_instant(terms.until_at, zone)}."
    return ""


def by_calendar(schedule: Schedule, due_at: int, now: int) -> str:
    """What its calendar will make of an occurrence to come; empty where it stands, or is past."""
    if due_at <= now:
        return ""
    if left_out := occurrences.find_skip_reason(schedule, due_at, {}):
        return f" It will be left out: {left_out}."
    put_off = occurrences.decide(schedule, due_at)
    if put_off is None or put_off.at is None:
        return ""
    to = times.format_instant(put_off.at, times.zone(schedule.recurrence.tz), now)
    return f" It will be put off to {to} by '{put_off.reason}'."


def preceding(session: Session, schedule: Schedule, at: int) -> int | None:
    """Its last occurrence before an instant: by its rule as it stands, or else one that is on record."""
    since = max(schedule.effective_at + 1, schedule.terms.starts_at or 0)
    end = at if schedule.terms.until_at is None else min(at, schedule.terms.until_at)
    found = recurrence.latest_at_or_before(schedule.recurrence, end, since)
    if found is not None:
        return found
    job = occurrence.job_before(session.db, schedule, at)
    return job.due_at if job else None


def following(schedule: Schedule, at: int) -> int | None:
    """Its next occurrence after an instant."""
    terms = schedule.terms
    found = recurrence.next_after(schedule.recurrence, max(at, schedule.effective_at, (terms.starts_at or 0) - 1))
    return None if found is None or (terms.until_at is not None and found > terms.until_at) else found
