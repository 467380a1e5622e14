"""`schedbot why`: what became of an occurrence, or why there was none."""

from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.explain import why
from schedbot.admin.explain.why import Answer
from schedbot.presentation import terminal
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule, also one that was removed.")],
    at: Annotated[
        str,
        typer.Option(metavar="WHEN", help="'yesterday 9am', '2026-12-01 09:00' (its zone); else the last one."),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say why a schedule posted nothing at some time, or what became of its post.

    Example:  schedbot why acme-weekly --at 'yesterday 9am'
    """
    with open_session() as session:
        answer = why.why(session, name, at)
    if json:
        terminal.json_lines([as_object(answer)])
        return
    zone = times.zone(answer.schedule.recurrence.tz)
    asked = answer.at if answer.due_at is None else answer.due_at
    terminal.say(f"{answer.schedule.name}, {times.format_instant(asked, zone)}", "bold")
    for sentence in answer.because:
        terminal.say(sentence)
    for step in answer.steps:
        terminal.say(f"  Next: {step}")


def as_object(answer: Answer) -> dict[str, object]:
    return {
        "schedule": answer.schedule.name,
        "at": times.to_rfc3339(answer.at),
        "due_at": None if answer.due_at is None else times.to_rfc3339(answer.due_at),
        "job": answer.job.job if answer.job else None,
        "state": answer.job.state.value if answer.job else None,
        "because": list(answer.because),
        "steps": list(answer.steps),
    }
