"""`schedbot next`: the coming occurrences of schedules, or of an expression that is not added yet."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from schedbot import clock, times
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.schedules import lookup, occurrences
from schedbot.admin.schedules.occurrences import CALENDAR_COLUMNS, Expression, Occurrence
from schedbot.commands import options
from schedbot.commands.schedules import next_changes
from schedbot.errors import BadInput
from schedbot.model import Recurrence, Schedule, ScheduleState
from schedbot.presentation import schedules as schedule_views
from schedbot.presentation import terminal
from schedbot.rules import recurrence
from schedbot.session import Session, open_session
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import Filters


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")] = None,
    cron: Annotated[str | None, typer.Option(metavar="EXPR", help="An expression instead; needs --tz.")] = None,
    every: Annotated[str | None, typer.Option(metavar="PHRASE", help="A phrase instead; needs --tz.")] = None,
    tz: Annotated[str | None, typer.Option(metavar="ZONE", help="The expression's IANA time zone.")] = None,
    from_: Annotated[str, typer.Option("--from", metavar="WHEN", help="Those after this instant. [default: now]")] = "",
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many for each schedule.")] = 5,
    skip_holidays: options.SkipHolidays = None,
    holiday_policy: options.HolidayPolicy = None,
    window: options.Window = None,
    outside: options.OutsidePolicy = None,
    blackout: options.Blackout = None,
    changes: Annotated[str, typer.Option(metavar="SPAN", help="The clock changes of that time instead: 90d.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the coming occurrences: of schedules, of all active ones merged, or of an expression.

    An expression is tried out with the holidays, window and blackout that it is to be added with.

    With --changes: which of them a clock change touches, and what it does there.

    Example:  schedbot next --cron '0 9 * * mon,fri' --tz America/Los_Angeles
    """
    said = options.said(locals())
    if cron or every:
        if names or changes:
            other = "--changes" if changes else "A name"
            raise BadInput(f"{other} and an expression are both said.", "Ask for one of them.")
        expression(Expression.parse(said, clock.now_ms()), from_, count, json)
        return
    refuse_alone(said)
    with open_session() as session:
        meant = chosen(session, names or [])
        now = session.now()
        if changes:
            next_changes.show(meant, now, now + times.parse_duration(changes), json)
            return
        dropped = pending.list_skipped(session.db, now)
        each = (occurrences.find_upcoming(one, after(from_, one.recurrence, now), dropped) for one in meant)
        show(occurrences.merge(each, count), now, json)


def refuse_alone(said: Fields) -> None:
    """Raises BadInput for what belongs to an expression, where none is said."""
    for column in ("tz", *CALENDAR_COLUMNS):
        if said.get(column):
            option = column.replace("_", "-")
            raise BadInput(f"--{option} is said without an expression.", "Add --cron EXPR; a schedule has its own.")


def chosen(session: Session, names: list[str]) -> Iterable[Schedule]:
    """The schedules that are meant; all active ones where none is named."""
    if not names:
        return schedules.named_like(session.db, Filters(states=(ScheduleState.ACTIVE,)))
    meant = lookup.find_all(session.db, names)
    schedule_views.note_empty(meant.empty)
    for one in meant.schedules:
        if occurrences.search_start(one, 0) is None:
            terminal.note(f"'{one.name}' is {one.state.value}: {one.reason}.")
    return meant.schedules


def after(from_: str, rule: Recurrence, now: int) -> int:
    """The instant after which occurrences are shown, read in the recurrence's zone. One at --from itself is shown."""
    return times.parse_future(from_, times.zone(rule.tz), now) - 1 if from_ else now


def expression(asked: Expression, from_: str, count: int, json: bool) -> None:
    """The occurrences of an expression: no database is needed."""
    now, rule = clock.now_ms(), asked.recurrence
    if not json:
        said = rule.cron or recurrence.to_phrase(rule.rrule or "")
        terminal.say(f"{said}: {schedule_views.meaning(rule)}.")
    show(islice(asked.find_upcoming(after(from_, rule, now)), count), now, json)


def show(found: Iterator[Occurrence], now: int, json: bool) -> None:
    """Print them, as lines for people or as objects."""
    if json:
        terminal.json_lines(map(json_object, found))
        return
    reader, is_empty = times.local_zone(), True
    for one in found:
        terminal.say(f"{schedule_views.occurrence(one, now, reader)}{'  ' if one.schedule else ''}{one.schedule}")
        is_empty = False
    if is_empty:
        terminal.note("Nothing is to come.")


def json_object(one: Occurrence) -> dict[str, Any]:
    told = {
        "schedule": one.schedule or None,
        "cron": one.recurrence.cron,
        "tz": one.recurrence.tz,
        "due_at": times.to_rfc3339(one.due_at),
        "local": times.to_local_rfc3339(one.due_at, times.zone(one.recurrence.tz)),
    }
    if one.recurrence.rrule is not None:
        told["every"] = recurrence.to_phrase(one.recurrence.rrule)
    if one.deferred_to is not None:
        told |= {"put_off_to": times.to_rfc3339(one.deferred_to), "put_off": one.defer_reason}
    return {**told, "left_out": one.skip_reason} if one.skip_reason else told
