"""Next occurrences of schedules, merged by time, and of an expression, within a span of time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from schedbot import times
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.listings.occurrences_of_all import AllOccurrences
from schedbot.admin.listings.spans import Span as Span
from schedbot.admin.schedules import occurrences, selection
from schedbot.admin.schedules.occurrences import CALENDAR_COLUMNS, Occurrence
from schedbot.errors import BadInput, BadOption
from schedbot.model import Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter

MOST = 100_000  # occurrences of a schedule
USUAL_COUNT = 5


def select(session: Session, names: Sequence[str]) -> Iterable[Schedule]:
    """Return the schedules with these names; all active schedules without names. Raises NotFound."""
    if names:
        return selection.find_all(session.db, names).schedules
    return schedules.list_matching(session.db, ScheduleFilter(states=(ScheduleState.ACTIVE,)))


def upcoming(session: Session, selected: Iterable[Schedule], span: Span) -> Iterator[Occurrence]:
    """Yield the occurrences of schedules in a span, ordered by time."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    each = (span.upcoming(schedule, now, dropped) for schedule in selected)
    return islice(occurrences.merge(each, span.count), span.limit)


def upcoming_of(session: Session, names: Sequence[str], span: Span) -> Iterator[Occurrence]:
    """Yield the occurrences of the schedules with these names, or of all active ones, in a span, ordered by time."""
    if names:
        return upcoming(session, select(session, names), span)
    return islice(AllOccurrences(session, span, pending.list_skipped(session.db, session.now())), span.limit)


def refuse_with_expression(names: Sequence[str] | None, changes: str = "") -> None:
    """Raise BadInput for what cannot be combined with an expression."""
    if names or changes:
        other = "--changes" if changes else "A schedule name"
        raise BadInput(f"{other} and an expression cannot be combined.", "Use one of them.")


def refuse_without_expression(fields: Fields) -> None:
    """Raise BadInput for an option of an expression without an expression."""
    for column in ("tz", *CALENDAR_COLUMNS):
        if fields.get(column):
            raise BadOption(column, " needs an expression.", "Add --cron EXPR. A schedule has its own value.")


def to_json(occurrence: Occurrence) -> dict[str, Any]:
    """Return the object of `next`."""
    rule = occurrence.recurrence
    fields = {
        "schedule": occurrence.schedule or None,
        "cron": rule.cron,
        "tz": rule.tz,
        "due_at": times.to_rfc3339(occurrence.due_at),
        "local": times.to_local_rfc3339(occurrence.due_at, times.zone(rule.tz)),
    }
    if rule.rrule is not None:
        fields["every"] = recurrence.to_phrase(rule.rrule)
    if occurrence.deferred_to is not None:
        fields |= {"put_off_to": times.to_rfc3339(occurrence.deferred_to), "put_off": occurrence.defer_reason}
    return {**fields, "left_out": occurrence.skip_reason} if occurrence.skip_reason else fields
