"""`schedbot add`: add a schedule."""

import json as jsonlib
import shlex
from typing import Annotated

import typer

from schedbot.admin.schedules import add, serialize, warnings
from schedbot.commands import schedule_options as options
from schedbot.model import Schedule, ScheduleState
from schedbot.presentation import output, schedules
from schedbot.session import Session, open_session

Name = Annotated[str, typer.Argument(metavar="NAME", help="Unique name, such as acme-weekly.")]


def run(
    name: Name,
    cron: options.Cron = None,
    every: options.Every = None,
    at: options.At = None,
    tz: options.Tz = None,
    channel: options.Channel = None,
    text: options.Text = None,
    report: options.Report = None,
    param: options.Param = None,
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
    paused: Annotated[bool, typer.Option("--paused", help="Add it paused; 'schedbot resume' starts it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Add a schedule: time, time zone, channel and message. Prints its rule in words and its next occurrences.

    Example:  schedbot add acme-weekly --cron '0 9 * * mon,fri' --tz America/Los_Angeles --channel C0123456789
    --text 'Good morning'
    """
    fields = options.schedule_fields(locals())
    fields["paused"] = "true" if paused else None
    fields["params"] = jsonlib.dumps(options.parse_params(param)) if param else None
    with open_session() as session:
        schedule = add.add(session, fields)
        if json:
            output.json_lines(serialize.to_json_each(session, [schedule]))
        else:
            print_added(session, schedule)


def print_added(session: Session, schedule: Schedule) -> None:
    """Print the rule in words, the next three occurrences and warnings."""
    output.print_line(f"Added '{schedule.name}': {serialize.describe_rule(schedule)}.")
    output.print_line(f"Posts to {schedule.terms.channel} in workspace '{schedule.workspace}'.")
    lines = schedules.next_lines(session, schedule)
    for line in lines:
        output.print_line(f"  {line}", hang=6)
    if schedule.state is ScheduleState.PAUSED:
        output.print_line(f"It is paused. Start it with 'schedbot resume {shlex.quote(schedule.name)}'.")
    schedules.note_pause_of_all(session)
    for warning in warnings.find_all(session, schedule):
        output.note(f"Note: {warning}")
    if missing_token := add.missing_token(session, schedule):
        output.note(f"Note: {missing_token}")
