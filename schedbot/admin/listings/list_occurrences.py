"""Next occurrences of schedules, merged by time, and of an expression, within a span of time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from schedbot import times
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.schedules import occurrences, selection
from schedbot.admin.schedules.occurrences import CALENDAR_COLUMNS, Expression, Occurrence, Skips
from schedbot.errors import BadInput, BadOption
from schedbot.model import Recurrence, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.jobs import pending
from schedbot.store.schedules import active_schedules, schedules
from schedbot.store.schedules.schedules import ScheduleFilter

MOST = 100_000  # occurrences of a schedule
USUAL_COUNT = 5


@dataclass(frozen=True, slots=True)
class Span:
    """Part of the occurrences to show: from and to as text, `count` for each schedule, `limit` in all."""

    from_: str
    to: str
    count: int
    limit: int | None

    def start(self, rule: Recurrence, now: int) -> int:
        """Return the instant after which occurrences are shown. An occurrence at --from itself is shown."""
        return times.parse_future(self.from_, times.zone(rule.tz), now) - 1 if self.from_ else now

    def upcoming(self, schedule: Schedule, now: int, skips: Skips) -> Iterator[Occurrence]:
        """Return the occurrences of a schedule in the span."""
        rule = schedule.recurrence
        return self.cut(occurrences.find_upcoming(schedule, self.start(rule, now), skips), rule, now)

    def cut(self, upcoming: Iterator[Occurrence], rule: Recurrence, now: int) -> Iterator[Occurrence]:
        """Return the occurrences up to --to. Raises BadInput if that is before the start."""
        if not self.to:
            return upcoming
        end = times.parse_future_end(self.to, times.zone(rule.tz), now)
        if end <= self.start(rule, now):
            start = f"'{self.from_}'" if self.from_ else "now"
            raise BadOption("to", f" '{self.to}' is before {start}.", "Use a later --to.")
        return takewhile(lambda occurrence: occurrence.due_at <= end, upcoming)

    def of_expression(self, expression: Expression, now: int) -> Iterator[Occurrence]:
        """Return the occurrences of an expression in the span."""
        rule = expression.recurrence
        upcoming = islice(self.cut(expression.find_upcoming(self.start(rule, now)), rule, now), self.count)
        return islice(upcoming, self.limit)


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
    if names or span.from_:
        return upcoming(session, select(session, names), span)
    dropped = pending.list_skipped(session.db, session.now())
    return islice(occurrences.merge_groups(group_active(session, span, dropped), span.count), span.limit)


def group_active(session: Session, span: Span, dropped: Skips) -> Iterator[tuple[int, Iterator[Iterator[Occurrence]]]]:
    """Yield an instant, and the occurrences of each active schedule that has none between now and then."""
    db, now = session.db, session.now()

    def read_group(recurrence_id: int) -> Iterator[Iterator[Occurrence]]:
        selected = active_schedules.each_of_recurrence(db, recurrence_id)
        return (span.upcoming(schedule, now, dropped) for schedule in selected)

    ahead = active_schedules.list_enqueued_ahead(db, now)
    yield from ((now, read_group(recurrence_id)) for recurrence_id in ahead)
    known = set(ahead)
    for following in active_schedules.each_by_next_due(db):
        if following.id not in known:
            yield following.next_due_at, read_group(following.id)


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
