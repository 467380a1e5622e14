"""What a schedule would post, without posting it: the same report and the same names as a delivery.

Rule: nothing is written, and no token is read.
"""

from dataclasses import dataclass

from schedbot import reports, times
from schedbot.admin.schedules.lookup import find
from schedbot.model import Message, Schedule
from schedbot.rules import recurrence
from schedbot.session import Session


@dataclass(frozen=True, slots=True)
class Preview:
    """A message, and the occurrence it is made for."""

    schedule: Schedule
    due_at: int
    message: Message


def preview(session: Session, name: str, at: str = "") -> Preview:
    """The message of the occurrence at `at`, or of the next one. Raises NotFound, BadInput and ReportFailed."""
    schedule = find(session.db, name)
    zone = times.zone(schedule.recurrence.tz)
    due_at = times.parse_instant(at, zone, session.now()) if at else next_due_or_now(schedule, session.now())
    return Preview(schedule, due_at, render(schedule, due_at))


def render(schedule: Schedule, due_at: int) -> Message:
    """The message of a schedule as it stands. Raises ReportFailed."""
    report = schedule.terms.report
    context = reports.build_context(schedule.name, schedule.account, due_at, schedule.recurrence.tz, report.params)
    return reports.render(report, context)


def next_due_or_now(schedule: Schedule, now: int) -> int:
    """The next occurrence; where none is to come, the present."""
    starts_at, until_at = schedule.terms.starts_at, schedule.terms.until_at
    found = recurrence.next_after(schedule.recurrence, max(now, (starts_at or 0) - 1))
    return now if found is None or (until_at is not None and found > until_at) else found
