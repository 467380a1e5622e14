"""`schedbot pause`: stop schedules for a while."""

from typing import Annotated

import typer

from schedbot.admin.schedules import pause
from schedbot.admin.schedules.pause import StateChange
from schedbot.model import ScheduleState
from schedbot.presentation import schedules, terminal
from schedbot.session import Session, open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    reason: Annotated[str, typer.Option(metavar="R", help="Why; 'schedbot list' shows it.")] = "",
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="It ends by itself: '2026-12-01', '2026-12-01 09:00', '3d'; 'none'.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="The schedules, one JSON object a line.")] = False,
) -> None:
    """Pause schedules. What already waits is cancelled, and what falls into the pause is not posted afterwards.

    Example:  schedbot pause acme-weekly --reason 'moving offices' --until 3d
    """
    with open_session() as session:
        paused, meant = pause.pause(session, names, reason, until)
        if json:
            terminal.json_lines(schedules.objects(session, [one.schedule for one in paused]))
        else:
            for one in paused:
                terminal.say(sentence(session, one))
    schedules.note_empty(meant.empty)


def sentence(session: Session, rested: StateChange) -> str:
    """What became of one schedule."""
    schedule = rested.schedule
    if schedule.state is not ScheduleState.PAUSED:
        return f"'{schedule.name}' is {schedule.state.value}: there is nothing to pause."
    until = schedules.local(schedule, schedule.state_until, session.now()) if schedule.state_until else ""
    how_long = f"until {until}" if until else f"until 'schedbot resume {schedule.name}'"
    if not rested.is_changed:
        return f"'{schedule.name}' is paused already, {how_long}: {schedule.reason}."
    cancelled = f" Cancelled: {rested.jobs} that waited." if rested.jobs else ""
    return f"Paused '{schedule.name}' {how_long}.{cancelled}"
