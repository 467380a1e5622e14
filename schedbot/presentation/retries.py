"""A retry as lines and objects: the jobs that are sent again, by group or one by one, and the others with a reason."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from schedbot import times
from schedbot.admin.jobs.retry import RetryGroup, RetryPlan, RetryPreview
from schedbot.model import JobState
from schedbot.presentation import output
from schedbot.store.jobs.retry import Candidate

MAX_REASONS = 10
MAX_LISTED = 20
LEAST_THEN = 16
COLUMNS = ("JOB", "DUE", "SCHEDULE", "STATE", "ERROR", "THEN")
PrintLine = Callable[[str], None]


def print_groups(plan: RetryPlan, print_line: PrintLine) -> None:
    """Print the number of planned jobs by state, workspace and error."""
    if not plan.groups:
        return
    groups = sorted(plan.groups.items(), key=lambda pair: (pair[0].workspace, -pair[1]))
    rows = [("JOBS", "STATE", "WORKSPACE", "ERROR"), *(group_row(group, count) for group, count in groups)]
    state, workspace = (max(len(row[place]) for row in rows) for place in (1, 2))
    for jobs, name, owner, error in rows:
        print_line(f"{jobs:>7}  {name:<{state}}  {owner:<{workspace}}  {error}".rstrip())


def group_row(group: RetryGroup, count: int) -> tuple[str, str, str, str]:
    return f"{count:,}", group.state.value, group.workspace, group.error


def print_notes(plan: RetryPlan, print_line: PrintLine) -> None:
    """Print which of the jobs will wait or may be on Slack already, and why other jobs are not retried."""
    for workspace, count in plan.parked.items():
        print_line(f"{output.count(count, 'job')} will wait: workspace '{workspace}' is paused.")
    if plan.held:
        print_line(f"{output.count(plan.held, 'held job')} may have been posted already: look in the channel first.")
    for refusal, count in plan.excluded.most_common(MAX_REASONS):
        sentences = " ".join(refusal)
        print_line(f"{sentences} ({output.count(count, 'job')})" if plan.states else sentences)
    if len(plan.excluded) > MAX_REASONS:
        print_line(f"... and {len(plan.excluded) - MAX_REASONS} more reasons.")


def print_preview(plan: RetryPlan, previews: Iterable[RetryPreview], now: int) -> None:
    """Print the first jobs with their present state, and for more of them the numbers of all."""
    rows = [preview_row(preview, now) for preview in islice(previews, MAX_LISTED)]
    if rows:
        output.table(COLUMNS, rows, "", wraps_from=LEAST_THEN)
    if len(plan.ready) > MAX_LISTED:
        output.print_line(f"... and {len(plan.ready) - MAX_LISTED:,} more. All {len(plan.ready):,} jobs:")
        print_groups(plan, output.print_line)


def preview_row(preview: RetryPreview, now: int) -> list[str]:
    job = preview.job
    due = times.format_instant(job.due_at, times.zone(job.tz), now).partition(" ")[2]
    return [str(job.job), due, job.schedule, job.state.value, job.error or "", describe_next(preview, now)]


def describe_next(preview: RetryPreview, now: int) -> str:
    """Return what would become of the job: `posted in 3 s`, `waits: workspace 'acme' is paused`."""
    job = preview.job
    if job.parked:
        return f"waits: workspace '{job.workspace}' is paused"
    when = times.format_relative(preview.available_at, now)
    return f"posted {when}, maybe again" if job.state is JobState.HELD else f"posted {when}"


def preview_to_json(preview: RetryPreview) -> dict[str, Any]:
    """Return the object of a job of a dry run: its present state, and what would become of it."""
    job = preview.job
    return {
        **to_json(job, job.state),
        "becomes": JobState.QUEUED.value,
        "available_at": times.to_rfc3339(preview.available_at),
        "waits_for_workspace": job.workspace if job.parked else None,
    }


def to_json(job: Candidate, state: JobState) -> dict[str, Any]:
    return {
        "job": job.job,
        "schedule": job.schedule,
        "workspace": job.workspace,
        "due_at": times.to_rfc3339(job.due_at),
        "error": job.error,
        "state": state.value,
    }
