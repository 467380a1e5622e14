"""`schedbot pause`: pause schedules."""

import shlex
from typing import Annotated

import typer

from schedbot.admin.schedules import pause, pause_all, serialize
from schedbot.admin.schedules.pause import StateChange
from schedbot.admin.schedules.pause_all import PauseChange
from schedbot.commands import questions
from schedbot.model import ScheduleState
from schedbot.presentation import output, schedules
from schedbot.session import Session, open_session


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Pause all posts, and keep each schedule's own state.")] = False,
    reason: Annotated[str, typer.Option(metavar="R", help="Reason, shown by 'schedbot list'.")] = "",
    until: Annotated[
        str,
        typer.Option(metavar="WHEN", help="End of the pause: '2026-12-01', '2026-12-01 09:00', '3d', or 'none'."),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before more than ten are paused.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The schedules, one JSON object a line.")] = False,
) -> None:
    """Pause schedules. Their queued jobs are cancelled, and occurrences during the pause are not posted later.

    --all stops the posts of all schedules, also of those that are added meanwhile, without a change to the state of
    each: 'resume --all' ends it, and a schedule that was paused before stays paused.

    Example:  schedbot pause acme-weekly --reason 'moving offices' --until 3d
    """
    names = questions.require_names_or_all(names, all_)
    with open_session() as session:
        if all_:
            show_pause_of_all(session, pause_all.pause(session, reason, until), json)
            return
        if not questions.confirm_schedules("Pause", session, names, yes):
            return
        results, selected = pause.pause(session, names, reason, until)
        if json:
            output.json_lines(serialize.to_json_each(session, [result.schedule for result in results]))
        else:
            for result in results:
                output.print_line(describe_result(session, result))
    schedules.note_unmatched(selected.empty)


def show_pause_of_all(session: Session, change: PauseChange, json: bool) -> None:
    """Print the pause of all schedules, and how it ends."""
    if json:
        output.json_lines([pause_all.serialize(change.pause)])
    elif change.pause is not None:
        again = "" if change.is_changed else "No change. "
        cancelled = f" Cancelled {output.count(change.jobs, 'queued job')}." if change.jobs else ""
        states = f"Each schedule keeps its own state. End the pause with '{pause_all.RESUME}'."
        output.print_line(f"{again}{pause_all.describe(session, change.pause)}{cancelled} {states}")


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
