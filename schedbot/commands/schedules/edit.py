"""`schedbot edit`: change what is said of a schedule, and nothing else."""

from typing import Annotated

import typer

from schedbot.admin.schedules import edit, warnings
from schedbot.admin.schedules.edit import ParamChanges
from schedbot.admin.schedules.writer import EditResult
from schedbot.commands import options
from schedbot.model import ScheduleState
from schedbot.presentation import schedules, terminal
from schedbot.session import Session, open_session

Named = Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")]
NewName = Annotated[str | None, options.option("--name", "NEW", "Give it another name.")]
Unset = Annotated[list[str] | None, typer.Option("--unset-param", metavar="KEY", help="Take a parameter away.")]


def run(
    schedule: Named,
    name: NewName = None,
    cron: options.Cron = None,
    every: options.Every = None,
    at: options.At = None,
    tz: options.Tz = None,
    channel: options.Channel = None,
    text: options.Text = None,
    report: options.Report = None,
    param: options.Param = None,
    unset_param: Unset = None,
    account: options.Account = None,
    workspace: options.Workspace = None,
    starts: options.Starts = None,
    until: options.Until = None,
    count: options.Count = None,
    misfire: options.MisfirePolicy = None,
    grace: options.Grace = None,
    max_attempts: options.MaxAttempts = None,
    priority: options.Priority = None,
    on_unknown: options.UnknownPolicy = None,
    jitter: options.Jitter = None,
    skip_holidays: options.SkipHolidays = None,
    holiday_policy: options.HolidayPolicy = None,
    window: options.Window = None,
    outside: options.OutsidePolicy = None,
    blackout: options.Blackout = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object: the schedule as it now stands.")] = False,
) -> None:
    """Change a schedule. What is not said stays; 'none' clears --starts, --until, --count, --skip-holidays, --window
    and --blackout.

    What waits is posted as the schedule then stands; under a new rule, what only the old one had is cancelled.

    Example:  schedbot edit acme-weekly --cron '30 9 * * mon'
    """
    said = options.said(locals())
    with open_session() as session:
        edited = edit.edit(session, schedule, said, ParamChanges(options.params(param), unset_param or ()))
        if json:
            terminal.json_lines(schedules.objects(session, [edited.after]))
        else:
            answer(session, edited)


def answer(session: Session, edited: EditResult) -> None:
    """What changed, from what to what, and when it is next due."""
    if not edited.differences:
        terminal.say(f"Nothing to change: '{edited.before.name}' stands like that already.")
        return
    terminal.say(f"Changed '{edited.after.name}': {schedules.in_words(edited.after)}.")
    for column, old, new in edited.differences:
        was = schedules.difference(column, old, edited.before.recurrence.tz)
        terminal.say(f"  {column}: {was} -> {schedules.difference(column, new, edited.after.recurrence.tz)}")
    if edited.cancelled:
        terminal.say(f"Cancelled: {edited.cancelled} that waited.")
    lines = schedules.coming(session, edited.after)
    for line in lines:
        terminal.say(f"  {line}")
    if not lines:
        is_off = edited.after.state in (ScheduleState.PAUSED, ScheduleState.SUSPENDED)
        rest = f"'schedbot resume {edited.after.name}' lets it go on" if is_off else "nothing more of it is due"
        terminal.say(f"It is {edited.after.state.value}: {rest}.")
    for noted in warnings.find_warnings(edited.after, session.now()):
        terminal.note(f"Note: {noted}")
