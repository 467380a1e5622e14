"""`schedbot resume`: resume paused and suspended schedules."""

from typing import Annotated

import typer

from schedbot.admin.schedules import pause, pause_all, serialize
from schedbot.admin.schedules.pause import StateChange
from schedbot.admin.schedules.pause_all import PauseChange
from schedbot.commands import questions
from schedbot.model import ScheduleState
from schedbot.presentation import called_off, output, schedules
from schedbot.session import Session, open_session


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="End 'pause --all'; each schedule keeps its own state.")] = False,
    unasked: Annotated[
        bool, typer.Option("--unasked", help="Do not ask Slack first whether the channel accepts posts.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before more than ten are resumed.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The schedules, one JSON object a line.")] = False,
) -> None:
    """Resume schedules that are paused, or suspended by an error that is fixed. Missed occurrences are not posted.

    A suspended schedule is resumed only if its channel accepts posts again. No name ends a pause of all posts
    ('pause --all'): --all does.

    Example:  schedbot resume acme-weekly
    """
    names = questions.require_names_or_all(names, all_)
    with open_session() as session:
        if all_:
            show_resume_of_all(pause_all.resume(session), json)
            return
        if not questions.confirm_schedules("Resume", session, names, yes):
            return
        results, selected = pause.resume(session, names, unasked)
        if json:
            output.json_lines(serialize.to_json_each(session, [result.schedule for result in results]))
        else:
            for result in results:
                output.print_line(describe_result(session, result))
        schedules.note_pause_of_all(session)
    schedules.note_unmatched(selected.empty)


def show_resume_of_all(change: PauseChange, json: bool) -> None:
    """Print that posts go on."""
    if json:
        output.json_lines([pause_all.serialize(change.pause)])
    elif change.is_changed:
        enqueued = f" Enqueued {output.count(change.jobs, 'job')}." if change.jobs else ""
        rest = called_off.describe(change.called_off)
        output.print_line(f"Posts go on; each schedule keeps its own state.{enqueued}{rest}")
    else:
        output.print_line("Nothing to resume: posts are not paused by 'pause --all'.")


def describe_result(session: Session, result: StateChange) -> str:
    schedule = result.schedule
    if not result.is_changed:
        return f"'{schedule.name}' is {schedule.state.value}: nothing to resume."
    if schedule.state is ScheduleState.FINISHED:
        deferred = " except deferred jobs" if result.jobs else ""
        return f"'{schedule.name}' is finished: it has no more occurrences{deferred}."
    following = schedules.next_lines(session, schedule, 1)
    return f"Resumed '{schedule.name}': next {following[0] if following else 'never'}."
