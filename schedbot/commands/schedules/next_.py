"""`schedbot next`: next occurrences of schedules or of an expression, and the clock changes that affect schedules."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated

import typer

from schedbot import clock, times
from schedbot.admin.listings import list_occurrences
from schedbot.admin.listings.list_occurrences import MOST, USUAL_COUNT, Span
from schedbot.admin.schedules import occurrences, selection, serialize
from schedbot.admin.schedules.occurrences import Expression, Occurrence
from schedbot.admin.schedules.selection import Selection
from schedbot.commands import schedule_options as options
from schedbot.model import Recurrence, Schedule
from schedbot.presentation import output
from schedbot.presentation import schedules as presentation
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChange
from schedbot.session import Session, open_session


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
    span = Span(from_, to, count or (MOST if to else USUAL_COUNT), limit)
    if cron or every:
        list_occurrences.refuse_with_expression(names, changes)
        show_expression(Expression.parse(fields, clock.now_ms()), span, json)
        return
    list_occurrences.refuse_without_expression(fields)
    with open_session() as session:
        if names:
            note_what_has_none(session, selection.find_all(session.db, names))
        now = session.now()
        if changes:
            selected = list_occurrences.select(session, names or [])
            show_clock_changes(selected, now, now + times.parse_duration(changes), json)
            return
        presentation.note_pause_of_all(session)
        show_occurrences(list_occurrences.upcoming_of(session, names or [], span), now, json)


def note_what_has_none(session: Session, selected: Selection) -> None:
    """Name the globs that match nothing, and the stopped schedules with their reasons."""
    presentation.note_unmatched(selected.empty)
    now = session.now()
    for schedule in selected.schedules:
        if occurrences.search_start(schedule, 0) is None:
            output.note(f"'{schedule.name}' is {schedule.state.value}: {presentation.describe_stop(schedule, now)}.")


def show_expression(expression: Expression, span: Span, json: bool) -> None:
    """Print the occurrences of an expression. This needs no database."""
    now, rule = clock.now_ms(), expression.recurrence
    if not json:
        text = rule.cron or recurrence.to_phrase(rule.rrule or "")
        output.print_line(f"{text}: {serialize.describe_recurrence(rule)}.")
    show_occurrences(span.of_expression(expression, now), now, json)


def show_occurrences(selected: Iterator[Occurrence], now: int, json: bool) -> None:
    """Print occurrences as lines or as objects."""
    if json:
        output.json_lines(map(list_occurrences.to_json, selected))
        return
    zone, is_empty = times.local_zone(), True
    for occurrence in selected:
        output.print_line(presentation.occurrence_line(occurrence, now, zone, occurrence.schedule), hang=4)
        is_empty = False
    if is_empty:
        output.note("No more occurrences.")


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
