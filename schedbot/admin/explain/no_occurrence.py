"""Explain an instant without an occurrence: start, end and rule of the schedule, and its nearest occurrences.

Instants of the rule before the schedule's start, before its last change or after its end are no occurrences.
"""

from schedbot import times
from schedbot.admin.explain import pause_reasons
from schedbot.admin.explain.pause_reasons import Cause
from schedbot.admin.schedules import occurrences
from schedbot.model import Schedule
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.history import occurrence


def explain(session: Session, schedule: Schedule, at: int, exact: bool) -> list[Cause]:
    """Return the causes, in order; `exact` if the user named the instant, else it is the present."""
    if removed := pause_reasons.removal(session, schedule, at):
        return [removed]
    following = next_occurrence(schedule, at)
    blocker = pause_reasons.future_blocker(session, schedule, following) if following is not None else None
    when = "has been due yet" if not exact else "is due then" if at > session.now() else "was due then"
    sentences = [f"Nothing {when}: {recurrence.describe(schedule.recurrence)}.", outside_bounds(schedule, at)]
    if schedule.recurrence.once_at is None:
        zone = times.zone(schedule.recurrence.tz)
        previous = previous_occurrence(session, schedule, at)
        sentences.append("" if previous is None else f"Previous occurrence: {times.format_instant(previous, zone)}.")
        if following is not None:
            name = "Next" if exact else "First"
            decision = calendar_decision(schedule, following, session.now())
            sentences.append(f"{name} occurrence: {times.format_instant(following, zone)}.{decision}")
    return [*(Cause(sentence) for sentence in sentences if sentence), *([blocker] if blocker else [])]


def outside_bounds(schedule: Schedule, at: int) -> str:
    """Return the schedule's start if `at` is before it, its end if `at` is after it; else empty."""
    terms, zone = schedule.terms, times.zone(schedule.recurrence.tz)
    if terms.starts_at is not None and at < terms.starts_at:
        return f"The schedule starts later, on {times.format_instant(terms.starts_at, zone)}."
    if terms.until_at is not None and at > terms.until_at:
        return f"The schedule had ended, on {times.format_instant(terms.until_at, zone)}."
    return ""


def calendar_decision(schedule: Schedule, due_at: int, now: int) -> str:
    """Return a sentence if holidays, window or blackout skip or defer a future occurrence; else empty."""
    if due_at <= now:
        return ""
    if skipped := occurrences.find_skip_reason(schedule, due_at, {}):
        return f" It will be skipped: {skipped}."
    deferral = occurrences.decide(schedule, due_at)
    if deferral is None or deferral.at is None:
        return ""
    to = times.format_instant(deferral.at, times.zone(schedule.recurrence.tz), now)
    return f" It will be deferred to {to}: {deferral.reason}."


def previous_occurrence(session: Session, schedule: Schedule, at: int) -> int | None:
    """Return the last occurrence before an instant: by the present rule, or else from the record."""
    since = max(schedule.effective_at + 1, schedule.terms.starts_at or 0)
    end = at if schedule.terms.until_at is None else min(at, schedule.terms.until_at)
    due_at = recurrence.latest_at_or_before(schedule.recurrence, end, since)
    if due_at is not None:
        return due_at
    job = occurrence.job_before(session.db, schedule, at)
    return job.due_at if job else None


def next_occurrence(schedule: Schedule, at: int) -> int | None:
    """Return the next occurrence after an instant."""
    terms = schedule.terms
    due_at = recurrence.next_after(schedule.recurrence, max(at, schedule.effective_at, (terms.starts_at or 0) - 1))
    return None if due_at is None or (terms.until_at is not None and due_at > terms.until_at) else due_at
