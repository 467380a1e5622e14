"""`schedbot edit`: change fields of a schedule."""

import shlex
from typing import Annotated

import typer

from schedbot.admin.schedules import edit, serialize, warnings
from schedbot.admin.schedules.edit import ParamChanges
from schedbot.admin.schedules.writer import EditResult
from schedbot.commands import schedule_options as options
from schedbot.model import ScheduleState
from schedbot.presentation import output, schedules
from schedbot.session import Session, open_session
from schedbot.store.schedules import pauses_of_all

ScheduleName = Annotated[str, typer.Argument(metavar="NAME", help="Schedule name.")]
NewName = Annotated[str | None, options.option("--name", "NEW", "New name.")]
UnsetParam = Annotated[list[str] | None, typer.Option("--unset-param", metavar="KEY", help="Remove a parameter.")]


def run(
    schedule: ScheduleName,
    name: NewName = None,
    cron: options.Cron = None,
    every: options.Every = None,
    at: options.At = None,
    tz: options.Tz = None,
    channel: options.Channel = None,
    text: options.Text = None,
    report: options.Report = None,
    param: options.Param = None,
    unset_param: UnsetParam = None,
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
    on_empty: options.OnEmpty = None,
    thread: options.Thread = None,
    update: options.Update = None,
    username: options.Username = None,
    icon: options.Icon = None,
    unfurl: options.Unfurl = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object: the changed schedule.")] = False,
) -> None:
    """Change a schedule. Omitted options keep their value; 'none' clears --starts, --until, --count, --skip-holidays,
    --window, --blackout, --on-empty, --thread, --username and --icon.

    Queued jobs are posted with the new values. After a change of the rule, queued jobs that the new rule does not have
    are cancelled.

    Example:  schedbot edit acme-weekly --cron '30 9 * * mon'
    """
    fields = options.schedule_fields(locals())
    with open_session() as session:
        edited = edit.edit(session, schedule, fields, ParamChanges(options.parse_params(param), unset_param or ()))
        if json:
            output.json_lines(serialize.to_json_each(session, [edited.after]))
        else:
            print_changes(session, edited)


def print_changes(session: Session, edited: EditResult) -> None:
    """Print each changed field with its old and new value, and the next occurrences."""
    schedule = edited.after
    if not edited.differences:
        output.print_line("No changes.")
        return
    output.print_line(f"Changed '{schedule.name}': {serialize.describe_rule(schedule)}.")
    for column, old, new in edited.differences:
        before = schedules.format_field(column, old, edited.before.recurrence.tz)
        output.print_line(f"  {column}: {before} -> {schedules.format_field(column, new, schedule.recurrence.tz)}")
    if edited.cancelled:
        output.print_line(f"Cancelled {output.count(edited.cancelled, 'queued job')}.")
    if edited.released:
        jobs = output.count(edited.released, "waiting job")
        output.print_line(f"{jobs} will be sent now: workspace '{schedule.workspace}' is not paused.")
    lines = schedules.next_lines(session, schedule)
    for line in lines:
        output.print_line(f"  {line}", hang=6)
    schedules.note_pause_of_all(session)
    if not lines and not pauses_of_all.get_present(session.db, session.now()):
        is_stopped = schedule.state in (ScheduleState.PAUSED, ScheduleState.SUSPENDED)
        resume = f"Resume it with 'schedbot resume {shlex.quote(schedule.name)}'."
        output.print_line(f"It is {schedule.state.value}. {resume if is_stopped else 'It has no more occurrences.'}")
    if schedule.source:
        output.note(f"Note: The next sync of '{schedule.source}' sets it back to its list.")
    for warning in warnings.find_all(session, schedule):
        output.note(f"Note: {warning}")
