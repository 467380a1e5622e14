"""`schedbot resume`: let paused and suspended schedules go on."""

from typing import Annotated

import typer

from schedbot.admin.schedules import pause
from schedbot.admin.schedules.pause import StateChange
from schedbot.model import ScheduleState
from schedbot.presentation import schedules, terminal
from schedbot.session import Session, open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    unasked: Annotated[
        bool, typer.Option("--unasked", help="Do not ask Slack first whether a channel takes posts again.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The schedules, one JSON object a line.")] = False,
) -> None:
    """Let schedules go on that are paused, or suspended by an error that is mended. What was missed is not posted.

    For a suspended one Slack is asked first whether its channel takes posts again.

    Example:  schedbot resume acme-weekly
    """
    with open_session() as session:
        resumed, meant = pause.resume(session, names, unasked)
        if json:
            terminal.json_lines(schedules.objects(session, [one.schedule for one in resumed]))
        else:
            for one in resumed:
                answer(session, one)
    schedules.note_empty(meant.empty)


def answer(session: Session, rested: StateChange) -> None:
    """What became of one schedule, and when it is next due."""
    schedule = rested.schedule
    if not rested.is_changed:
        terminal.say(f"'{schedule.name}' is {schedule.state.value}: there is nothing to resume.")
        return
    if schedule.state is ScheduleState.FINISHED:
        left = " but what was put off" if rested.jobs else ""
        terminal.say(f"'{schedule.name}' has nothing to come any more{left}: it is finished.")
        return
    following = schedules.coming(session, schedule, 1)
    terminal.say(f"Resumed '{schedule.name}': next {following[0] if following else 'never'}.")
