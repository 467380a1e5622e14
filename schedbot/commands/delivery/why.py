"""`schedbot why`: explain why a schedule did or did not post."""

from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.explain import why
from schedbot.admin.explain.why import Explanation
from schedbot.presentation import output
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Schedule name, also of a removed schedule.")],
    at: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="'9am' or 'monday 9am' (the last one), 'monday' (all of that day), '2026-12-01 09:00', in the"
            " schedule's zone. [default: the last occurrence]",
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each occurrence.")] = False,
) -> None:
    """Explain why a schedule posted nothing at some time, or what happened to its post.

    A day without a time explains its occurrences up to now, at most the last ten; a note counts the others.

    Example:  schedbot why acme-weekly --at 'yesterday 9am'
    """
    with open_session() as session:
        explanations, left_out = why.explain_each(session, name, at)
    if left_out:
        occurrences = output.count(left_out, "earlier occurrence of that day is", "earlier occurrences of that day are")
        output.note(f"Note: {occurrences} left out. Name the time: --at 'monday 9am'.")
    if json:
        output.json_lines(map(to_json, explanations))
        return
    for place, explanation in enumerate(explanations):
        if place:
            output.print_line()
        print_explanation(explanation)


def print_explanation(explanation: Explanation) -> None:
    zone = times.zone(explanation.schedule.recurrence.tz)
    at_or_due = explanation.at if explanation.due_at is None else explanation.due_at
    output.print_line(f"{explanation.schedule.name}, {times.format_instant(at_or_due, zone)}", "bold")
    for sentence in explanation.because:
        first, *others = sentence.splitlines()
        output.print_line(first)
        for line in others:
            output.print_line(f"  {line}", hang=4)
    for step in explanation.steps:
        output.print_line(f"  Next: {step}", hang=8)


def to_json(explanation: Explanation) -> dict[str, object]:
    job = explanation.job
    return {
        "schedule": explanation.schedule.name,
        "at": times.to_rfc3339(explanation.at),
        "due_at": None if explanation.due_at is None else times.to_rfc3339(explanation.due_at),
        "job": job.job if job else None,
        "state": explanation.state.value if explanation.state else None,
        "because": list(explanation.because),
        "steps": list(explanation.steps),
    }
