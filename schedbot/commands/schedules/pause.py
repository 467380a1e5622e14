"""`schedbot pause`: pause schedules."""

import shlex
from typing import Annotated

import typer

from schedbot.admin.schedules import pause
from schedbot.admin.schedules.pause import StateChange
from schedbot.model import ScheduleState
from schedbot.presentation import output, schedules
from schedbot.session import Session, open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    reason: Annotated[str, typer.Option(metavar="R", help="Reason, shown by 'schedbot list'.")] = "",
    until: Annotated[
        str,
        typer.Option(metavar="WHEN", help="End of the pause: '2026-12-01', '2026-12-01 09:00', '3d', or 'none'."),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="The schedules, one JSON object a line.")] = False,
) -> None:
    """Pause schedules. Their queued jobs are cancelled, and occurrences during the pause are not posted later.

    Example:  schedbot pause acme-weekly --reason 'moving offices' --until 3d
    """
    with open_session() as session:
        results, selected = pause.pause(session, names, reason, until)
        if json:
            output.json_lines(schedules.to_json_each(session, [result.schedule for result in results]))
        else:
            for result in results:
                output.print_line(describe_result(session, result))
    schedules.note_unmatched(selected.empty)


def describe_result(session: Session, result: StateChange) -> str:
    schedule = result.schedule
    if schedule.state is not ScheduleState.PAUSED:
        return f"'{schedule.name}' is {schedule.state.value}, so it cannot be paused."
    until = ""
    if schedule.state_until:
        until = f" until {schedules.local_time(schedule, schedule.state_until, session.now())}"
    if not result.is_changed:
        return f"'{schedule.name}' is already paused{until}: {schedule.reason}."
    cancelled = f" Cancelled {output.count(result.jobs, 'queued job')}." if result.jobs else ""
    resume = "" if until else f" Resume it with 'schedbot resume {shlex.quote(schedule.name)}'."
    return f"Paused '{schedule.name}'{until}.{cancelled}{resume}"
