"""`schedbot resume`: resume paused and suspended schedules."""

from typing import Annotated

import typer

from schedbot.admin.schedules import pause
from schedbot.admin.schedules.pause import StateChange
from schedbot.model import ScheduleState
from schedbot.presentation import output, schedules
from schedbot.session import Session, open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    unasked: Annotated[
        bool, typer.Option("--unasked", help="Do not ask Slack first whether the channel accepts posts.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The schedules, one JSON object a line.")] = False,
) -> None:
    """Resume schedules that are paused, or suspended by an error that is fixed. Missed occurrences are not posted.

    A suspended schedule is resumed only if its channel accepts posts again.

    Example:  schedbot resume acme-weekly
    """
    with open_session() as session:
        results, selected = pause.resume(session, names, unasked)
        if json:
            output.json_lines(schedules.to_json_each(session, [result.schedule for result in results]))
        else:
            for result in results:
                output.print_line(describe_result(session, result))
    schedules.note_unmatched(selected.empty)


def describe_result(session: Session, result: StateChange) -> str:
    schedule = result.schedule
    if not result.is_changed:
        return f"'{schedule.name}' is {schedule.state.value}: nothing to resume."
    if schedule.state is ScheduleState.FINISHED:
        deferred = " except deferred jobs" if result.jobs else ""
        return f"'{schedule.name}' is finished: it has no more occurrences{deferred}."
    following = schedules.next_lines(session, schedule, 1)
    return f"Resumed '{schedule.name}': next {following[0] if following else 'never'}."
