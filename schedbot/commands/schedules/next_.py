"""`schedbot next`: next occurrences of schedules or of an expression, and the clock changes that affect schedules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile
from typing import Annotated, Any

import typer

from schedbot import clock, times
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.schedules import occurrences, selection
from schedbot.admin.schedules.occurrences import CALENDAR_COLUMNS, Expression, Occurrence, Skips
from schedbot.commands import schedule_options as options
from schedbot.errors import BadInput
from schedbot.model import Recurrence, Schedule, ScheduleState
from schedbot.presentation import output
from schedbot.presentation import schedules as presentation
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChange
from schedbot.session import Session, open_session
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter

MOST = 100_000


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
            start = f"--from '{self.from_}'" if self.from_ else "now"
            raise BadInput(f"--to '{self.to}' is before {start}.", "Use a later --to.")
        return takewhile(lambda occurrence: occurrence.due_at <= end, upcoming)


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")] = None,
    cron: Annotated[str | None, typer.Option(metavar="EXPR", help="Cron expression to try; needs --tz.")] = None,
    every: Annotated[str | None, typer.Option(metavar="PHRASE", help="Phrase to try; needs --tz.")] = None,
    tz: Annotated[str | None, typer.Option(metavar="ZONE", help="IANA time zone of the expression.")] = None,
    from_: Annotated[
        str, typer.Option("--from", metavar="WHEN", help="Show occurrences from this instant on. [default: now]")
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="WHEN", help="Show occurrences up to this instant or day.")] = "",
    count: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=MOST, help="Occurrences of each schedule. [default: 5; with --to all up to it]"
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=1_000_000, help="Occurrences in all. [default: no limit]")
    ] = None,
    skip_holidays: options.SkipHolidays = None,
    holiday_policy: options.HolidayPolicy = None,
    window: options.Window = None,
    outside: options.OutsidePolicy = None,
    blackout: options.Blackout = None,
    changes: Annotated[
        str, typer.Option(metavar="SPAN", help="Show clock changes in the next SPAN that affect schedules: 90d.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the next occurrences of schedules, of all active schedules merged by time, or of an expression.

    Try an expression together with the holidays, window and blackout dates that the schedule will have.

    Example:  schedbot next --cron '0 9 * * mon,fri' --tz America/Los_Angeles
    """
    fields = options.schedule_fields(locals())
    span = Span(from_, to, count or (MOST if to else 5), limit)
    if cron or every:
        if names or changes:
            other = "--changes" if changes else "A schedule name"
            raise BadInput(f"{other} and an expression cannot be combined.", "Use one of them.")
        show_expression(Expression.parse(fields, clock.now_ms()), span, json)
        return
    refuse_without_expression(fields)
    with open_session() as session:
        selected, now = select(session, names or []), session.now()
        if changes:
            show_clock_changes(selected, now, now + times.parse_duration(changes), json)
            return
        dropped = pending.list_skipped(session.db, now)
        presentation.note_pause_of_all(session)
        upcoming = (span.upcoming(schedule, now, dropped) for schedule in selected)
        show_occurrences(islice(occurrences.merge(upcoming, span.count), limit), now, json)


def refuse_without_expression(fields: Fields) -> None:
    """Raises BadInput for an option of an expression without an expression."""
    for column in ("tz", *CALENDAR_COLUMNS):
        if fields.get(column):
            flag = column.replace("_", "-")
            raise BadInput(f"--{flag} needs an expression.", "Add --cron EXPR. A schedule has its own value.")


def select(session: Session, names: list[str]) -> Iterable[Schedule]:
    """Return the schedules with these names; all active schedules without names."""
    if not names:
        return schedules.list_matching(session.db, ScheduleFilter(states=(ScheduleState.ACTIVE,)))
    selected = selection.find_all(session.db, names)
    presentation.note_unmatched(selected.empty)
    now = session.now()
    for schedule in selected.schedules:
        if occurrences.search_start(schedule, 0) is None:
            output.note(f"'{schedule.name}' is {schedule.state.value}: {presentation.describe_stop(schedule, now)}.")
    return selected.schedules


def show_expression(expression: Expression, span: Span, json: bool) -> None:
    """Print the occurrences of an expression. This needs no database."""
    now, rule = clock.now_ms(), expression.recurrence
    if not json:
        text = rule.cron or recurrence.to_phrase(rule.rrule or "")
        output.print_line(f"{text}: {presentation.describe_recurrence(rule)}.")
    upcoming = islice(span.cut(expression.find_upcoming(span.start(rule, now)), rule, now), span.count)
    show_occurrences(islice(upcoming, span.limit), now, json)


def show_occurrences(selected: Iterator[Occurrence], now: int, json: bool) -> None:
    """Print occurrences as lines or as objects."""
    if json:
        output.json_lines(map(occurrence_to_json, selected))
        return
    zone, is_empty = times.local_zone(), True
    for occurrence in selected:
        output.print_line(presentation.occurrence_line(occurrence, now, zone, occurrence.schedule), hang=4)
        is_empty = False
    if is_empty:
        output.note("No more occurrences.")


def occurrence_to_json(occurrence: Occurrence) -> dict[str, Any]:
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


def show_clock_changes(selected: Iterable[Schedule], now: int, until: int, json: bool) -> None:
    """Print the clock changes that affect each schedule, in order of time."""
    affected = sorted(
        ((change, schedule) for schedule in selected for change in clock_changes_of(schedule.recurrence, now, until)),
        key=lambda pair: (pair[0].at, pair[1].name),
    )
    if json:
        output.json_lines(map(clock_change_to_json, affected))
        return
    for change, schedule in affected:
        change_text = recurrence.describe_clock_change(change, schedule.recurrence.tz)
        output.print_line(f"{schedule.name}: {change_text}")
    if not affected:
        output.note("No clock change affects a schedule in this span.")


@lru_cache(maxsize=8_192)
def clock_changes_of(rule: Recurrence, after: int, until: int) -> tuple[ClockChange, ...]:
    """Return the clock changes that affect a recurrence. Cached, because many schedules share one."""
    return tuple(recurrence.clock_changes(rule, after, until))


def clock_change_to_json(affected: tuple[ClockChange, Schedule]) -> dict[str, str | None]:
    """Return one object; `at` is the instant of the clock change."""
    change, schedule = affected
    zone = times.zone(schedule.recurrence.tz)
    return {
        "schedule": schedule.name,
        "cron": schedule.recurrence.cron,
        "tz": schedule.recurrence.tz,
        "at": times.to_rfc3339(change.at),
        "local_before": times.to_local_rfc3339_before_change(change.at, zone),
        "local": times.to_local_rfc3339(change.at, zone),
        "effect": change.effect.value,
    }
