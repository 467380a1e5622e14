"""Preview a schedule: render its next message with the context of a delivery, and post nothing.

Nothing is written and no token is read.
"""

from dataclasses import dataclass

from schedbot import reports, times
from schedbot.admin.schedules.selection import find
from schedbot.errors import ReportFailed
from schedbot.model import Message, Schedule
from schedbot.reports import block_checks
from schedbot.rules import recurrence
from schedbot.session import Session


@dataclass(frozen=True, slots=True)
class Preview:
    """A message and its occurrence."""

    schedule: Schedule
    due_at: int
    message: Message


def preview(session: Session, name: str, at: str = "") -> Preview:
    """Render the message of the occurrence at `at`, or of the next one. Raises NotFound, BadInput and ReportFailed."""
    schedule = find(session.db, name)
    zone = times.zone(schedule.recurrence.tz)
    due_at = times.parse_instant(at, zone, session.now()) if at else next_due_or_now(schedule, session.now())
    return Preview(schedule, due_at, render(schedule, due_at))


def render(schedule: Schedule, due_at: int) -> Message:
    """Return the message of a schedule in its current version. Raises ReportFailed."""
    report = schedule.terms.report
    context = reports.build_context(schedule.name, schedule.account, due_at, schedule.recurrence.tz, report.params)
    return reports.render(report, context)


def find_block_warnings(schedule: Schedule, now: int) -> list[str]:
    """Return a sentence for each part of the next message's blocks that Slack may refuse."""
    if schedule.terms.report.kind == "text":
        return []
    try:
        return block_checks.find_warnings(render(schedule, next_due_or_now(schedule, now)).blocks)
    except ReportFailed:  # `add` and `edit` have tried the report
        return []


def next_due_or_now(schedule: Schedule, now: int) -> int:
    """Return the next occurrence, or `now` if there is none."""
    starts_at, until_at = schedule.terms.starts_at, schedule.terms.until_at
    due_at = recurrence.next_after(schedule.recurrence, max(now, (starts_at or 0) - 1))
    return now if due_at is None or (until_at is not None and due_at > until_at) else due_at
