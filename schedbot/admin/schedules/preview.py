"""Preview a schedule: render its next message with the context of a delivery, and post nothing.

Nothing is written and no token is read.
"""

from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.fields import timing
from schedbot.admin.schedules.selection import find
from schedbot.errors import DONE, ReportFailed, SchedbotError
from schedbot.model import Message, Schedule
from schedbot.reports import block_checks, definitions, live_trial, render_process
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.live_trial import NamedReportOccurrence
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.history import previous_post


class NoMessage(SchedbotError):
    """The report has nothing to report, or its data is not there yet."""

    code = DONE


@dataclass(frozen=True, slots=True)
class Preview:
    """A message and its occurrence."""

    schedule: Schedule
    due_at: int
    message: Message
    note: str = ""  # no message, and why


def preview(session: Session, name: str, at: str = "") -> Preview:
    """Render the message of the occurrence at `at`, or of the next one. Raises NotFound, BadInput and ReportFailed."""
    schedule = find(session.db, name)
    zone = times.zone(schedule.recurrence.tz)
    due_at = times.parse_instant(at, zone, session.now()) if at else next_due_or_now(schedule, session.now())
    try:
        return Preview(schedule, due_at, render(session, schedule, due_at))
    except NoMessage as error:
        return Preview(schedule, due_at, Message(), str(error))


def render(session: Session, schedule: Schedule, due_at: int, folder: str = "") -> Message:
    """Return the message of a schedule in its current version. `folder`: for its files; empty: they are not kept.

    Raises ReportFailed, BadInput for a report that the configuration does not have, and NoMessage.
    """
    report, occurrence = schedule.terms.report, build_occurrence(session, schedule, due_at)
    if report.kind != "named":
        return render_process.render(report, occurrence)
    request = NamedReportOccurrence(report.source, occurrence)
    rendered = live_trial.render(definitions.load(session.settings), request, folder).rendered
    if rendered.message:
        return rendered.message
    reason = rendered.skip.reason if rendered.skip else rendered.not_ready.reason if rendered.not_ready else ""
    raise NoMessage(f"Nothing to report: {reason}" if rendered.skip else f"Not ready: {reason}")


def build_occurrence(session: Session, schedule: Schedule, due_at: int) -> LiveOccurrence:
    """Return an occurrence of a schedule, for its report. Nothing will be posted."""
    return replace(
        build_first_occurrence(schedule, due_at),
        previous_at=previous_post.find_before(session.db, schedule.id, due_at),
        occurrence_before_at=recurrence.find_occurrence_before(schedule.recurrence, due_at),
    )


def build_first_occurrence(schedule: Schedule, due_at: int) -> LiveOccurrence:
    """Return an occurrence of a schedule that has posted nothing before."""
    return LiveOccurrence(
        schedule=schedule.name,
        account=schedule.account,
        workspace=schedule.workspace,
        channel=schedule.terms.channel,
        due_at=due_at,
        tz=schedule.recurrence.tz,
        params=schedule.terms.report.params,
        is_preview=True,
        on_empty=schedule.terms.on_empty,
    )


def find_block_warnings(schedule: Schedule, now: int) -> list[str]:
    """Return a sentence for each part of the next message's blocks that Slack may refuse."""
    if schedule.terms.report.kind != "template":  # a named report has just been run
        return []
    occurrence = build_first_occurrence(schedule, next_due_or_now(schedule, now))
    try:
        return block_checks.find_warnings(render_process.render(schedule.terms.report, occurrence))
    except ReportFailed:  # `add` and `edit` have tried the report
        return []


def next_due_or_now(schedule: Schedule, now: int) -> int:
    """Return the next occurrence, or `now` if there is none."""
    return timing.next_due_or_now(schedule.recurrence, schedule.terms, now)
