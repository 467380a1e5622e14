"""Preview a schedule: render its next message with the context of a delivery, and post nothing.

Nothing is written and no token is read.
"""

from dataclasses import dataclass

from schedbot import times
from schedbot.admin.fields import timing
from schedbot.admin.schedules.selection import find
from schedbot.errors import ReportFailed
from schedbot.model import Message, Schedule
from schedbot.reports import block_checks, render_process
from schedbot.reports.render_process import ReportOccurrence
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
    occurrence = ReportOccurrence(schedule.name, schedule.account, due_at, schedule.recurrence.tz)
    return render_process.render(schedule.terms.report, occurrence)


def find_block_warnings(schedule: Schedule, now: int) -> list[str]:
    """Return a sentence for each part of the next message's blocks that Slack may refuse."""
    if schedule.terms.report.kind == "text":
        return []
    try:
        return block_checks.find_warnings(render(schedule, next_due_or_now(schedule, now)))
    except ReportFailed:  # `add` and `edit` have tried the report
        return []


def next_due_or_now(schedule: Schedule, now: int) -> int:
    """Return the next occurrence, or `now` if there is none."""
    return timing.next_due_or_now(schedule.recurrence, schedule.terms, now)
