"""`schedbot run-now`: post a schedule's message now, as an extra job."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.jobs.job_summary import describe_state
from schedbot.admin.schedules import run_now, serialize
from schedbot.admin.schedules.run_now import RunNowJob
from schedbot.commands import questions
from schedbot.errors import DONE, FAILED, NEEDS_PERSON
from schedbot.model import JobState
from schedbot.presentation import output
from schedbot.presentation.schedules import note_unmatched
from schedbot.session import Session, open_session
from schedbot.slack.remedies import describe_reason

POLL_SECONDS = 0.2


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before more than ten are posted.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job is posted or failed.")] = False,
    timeout: Annotated[str, typer.Option(metavar="SPAN", help="Longest wait.")] = "5m",
    json: Annotated[bool, typer.Option("--json", help="The jobs, one JSON object a line.")] = False,
) -> None:
    """Post a schedule's message now, as an extra job. Its own times do not change.

    Exit code with --wait: 0 if it was posted or its report has nothing to post; 1 if it failed or did not end in time;
    3 if it waits for a person: it is held, or its workspace is paused.

    Example:  schedbot run-now acme-weekly
    """
    timeout_ms = times.parse_duration(timeout)
    code = DONE
    with open_session() as session:
        if not questions.confirm_schedules("Post", session, names, yes):
            return
        extras, selected = run_now.run_now(session, names)
        note_unmatched(selected.empty)
        try:
            if extras and not run_now.has_pool(session):
                output.note(
                    "No worker pool is running. Start 'schedbot work', or post now with 'schedbot work --drain'."
                )
            if wait and extras:
                extras = wait_until_settled(session, extras, timeout_ms)
                code = worst_code(extras)
        except KeyboardInterrupt:
            for extra in run_now.reload(session, extras):
                output.note(describe_extra(extra))
            raise
    if json:
        output.json_lines(map(to_json, extras))
    else:
        for extra in extras:
            output.print_line(describe_extra(extra))
    raise typer.Exit(code)


def wait_until_settled(session: Session, extras: Sequence[RunNowJob], timeout_ms: int) -> list[RunNowJob]:
    """Return the jobs after their end, or their present state after the time-out."""
    give_up = time.monotonic() + timeout_ms / 1000
    while time.monotonic() < give_up:
        if settled := run_now.find_settled(session, extras):
            return settled
        time.sleep(POLL_SECONDS)
    output.note(f"Not finished after {times.format_duration(timeout_ms)}.")
    return run_now.reload(session, extras)


def worst_code(extras: Sequence[RunNowJob]) -> int:
    """Return the exit code of several jobs: a failure counts more than a job that waits for a person."""
    codes = {run_now.find_exit_code(extra.job) for extra in extras}
    return next((code for code in (FAILED, NEEDS_PERSON) if code in codes), DONE)


def describe_extra(extra: RunNowJob) -> str:
    """Return the state of one job, with its error."""
    job = extra.job
    subject = f"Job {job.id} of '{extra.schedule.name}' {describe_state(job.state)}"
    if job.state is JobState.QUEUED and job.parked:
        reason = f": {describe_reason(job.error)}" if job.error else ""
        return f"{subject}{reason}. Its workspace is paused: 'schedbot health' shows why."
    if job.state is JobState.QUEUED and not job.error:
        return f"{subject}. 'schedbot audit {job.id}' shows its progress."
    return f"{subject}: {describe_reason(job.error)}." if job.error else f"{subject}."


def to_json(extra: RunNowJob) -> dict[str, Any]:
    job = extra.job
    return {
        "job": job.id,
        "schedule": extra.schedule.name,
        "due_at": serialize.format_optional(job.due_at),
        "state": job.state.value,
        "error": job.error,
    }
