"""`schedbot run-now`: one extra job, beside the schedule's own times."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.schedules import run_now, serialize
from schedbot.admin.schedules.run_now import RunNowJob
from schedbot.errors import DONE, FAILED, NEEDS_PERSON
from schedbot.model import JobState
from schedbot.presentation import terminal
from schedbot.presentation.schedules import note_empty
from schedbot.session import Session, open_session

POLL_SECONDS = 0.2


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is posted or has failed.")] = False,
    timeout: Annotated[str, typer.Option(metavar="SPAN", help="How long to wait at most.")] = "5m",
    json: Annotated[bool, typer.Option("--json", help="The jobs, one JSON object a line.")] = False,
) -> None:
    """Post a schedule's report once now. Its own times stay as they are.

    With --wait the exit code is 0 when it was posted, 1 when it failed, 3 when it waits for a person.

    Example:  schedbot run-now acme-weekly
    """
    timeout_ms = times.parse_duration(timeout)
    code = DONE
    with open_session() as session:
        extras, meant = run_now.run_now(session, names)
        note_empty(meant.empty)
        try:
            if extras and not run_now.has_pool(session):
                terminal.note(
                    "No pool seems to run: start one with 'schedbot work', or post this now with 'work --drain'."
                )
            if wait and extras:
                extras = until_settled(session, extras, timeout_ms)
                code = max((verdict(one.job.state) for one in extras), default=DONE)
        except KeyboardInterrupt:
            for one in run_now.reload(session, extras):
                terminal.note(sentence(one))
            raise
    if json:
        terminal.json_lines(map(json_object, extras))
    else:
        for one in extras:
            terminal.say(sentence(one))
    raise typer.Exit(code)


def until_settled(session: Session, extras: Sequence[RunNowJob], timeout_ms: int) -> list[RunNowJob]:
    """The jobs as they ended, or as they stand when the time is over."""
    give_up = time.monotonic() + timeout_ms / 1000
    while time.monotonic() < give_up:
        if settled := run_now.find_settled(session, extras):
            return settled
        time.sleep(POLL_SECONDS)
    terminal.note(f"Still under way after {times.format_duration(timeout_ms)}.")
    return run_now.reload(session, extras)


def verdict(state: JobState) -> int:
    """The exit code that a job's state comes to."""
    if state is JobState.SUCCEEDED:
        return DONE
    return NEEDS_PERSON if state is JobState.HELD else FAILED


def sentence(extra: RunNowJob) -> str:
    """What became of one job, or what is to come of it."""
    job = extra.job
    if job.state is JobState.QUEUED and not job.error:
        return f"Job {job.id} of '{extra.schedule.name}' is queued: 'schedbot audit {job.id}' tells of it."
    error = f": {job.error}" if job.error else ""
    return f"Job {job.id} of '{extra.schedule.name}' is {job.state.value}{error}."


def json_object(extra: RunNowJob) -> dict[str, Any]:
    job = extra.job
    return {
        "job": job.id,
        "schedule": extra.schedule.name,
        "due_at": serialize.stamp(job.due_at),
        "state": job.state.value,
        "error": job.error,
    }
