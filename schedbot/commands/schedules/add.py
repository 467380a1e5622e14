"""`schedbot add`: a new schedule."""

import json as jsonlib
from typing import Annotated

import typer

from schedbot.admin.schedules import add, warnings
from schedbot.commands import options
from schedbot.model import Schedule
from schedbot.presentation import schedules, terminal
from schedbot.session import Session, open_session

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of its own, such as acme-weekly.")]


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
    paused: Annotated[bool, typer.Option("--paused", help="Add it paused; 'schedbot resume' starts it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Add a schedule: when, in which time zone, to which channel, and what. Says what it means and when it is next due.

    Example:  schedbot add acme-weekly --cron '0 9 * * mon,fri' --tz America/Los_Angeles --channel C0123456789
    --text 'Good morning'
    """
    said = options.said(locals())
    said["paused"] = "true" if paused else None
    said["params"] = jsonlib.dumps(options.params(param)) if param else None
    with open_session() as session:
        schedule = add.add(session, said)
        if json:
            terminal.json_lines(schedules.objects(session, [schedule]))
        else:
            answer(session, schedule)


def answer(session: Session, schedule: Schedule) -> None:
    """What was added: its meaning, the next three occurrences, and what may be wrong with it."""
    terminal.say(f"Added '{schedule.name}': {schedules.in_words(schedule)}.")
    terminal.say(f"Posts to {schedule.terms.channel} in the workspace '{schedule.workspace}'.")
    lines = schedules.coming(session, schedule)
    for line in lines:
        terminal.say(f"  {line}")
    if not lines:
        terminal.say(f"Paused: start it with 'schedbot resume {schedule.name}'.")
    for noted in warnings.find_warnings(schedule, session.now()):
        terminal.note(f"Note: {noted}")
    missing = add.missing_token(session, schedule)
    if missing:
        terminal.note(f"Note: {missing}")
