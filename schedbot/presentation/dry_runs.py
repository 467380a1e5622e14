"""Results of `work --dry-run`: a line for each due job, or JSON Lines."""

from collections import Counter
from collections.abc import Iterable

from schedbot import times
from schedbot.admin.reports.dry_run import FAILED, RenderedJob
from schedbot.presentation import output


def print_results(results: Iterable[RenderedJob], *, json: bool) -> int:
    """Print the results as they come. Return how many failed."""
    counts = Counter[str]()
    for rendered in results:
        counts[rendered.result] += 1
        if json:
            output.json_lines([to_json(rendered)])
        else:
            print_result(rendered)
    if not json:
        summary = ", ".join(f"{number:,} {result}" for result, number in sorted(counts.items())) or "no job is due"
        output.note(f"Dry run, nothing was posted: {summary}.")
    return counts[FAILED]


def print_result(rendered: RenderedJob) -> None:
    """Print the line of a job, and what to do where it failed."""
    reason = f": {rendered.reason}" if rendered.reason else ""
    style = "red" if rendered.result == FAILED else ""
    job = rendered.job
    output.print_line(f"{rendered.result:9}  job {job.id} {job.schedule} ({rendered.took_ms:,} ms){reason}", style, 11)
    if rendered.hint:
        output.print_line(f"{'':11}{rendered.hint}", hang=11)


def to_json(rendered: RenderedJob) -> dict[str, str | int | None]:
    """Return the object of a job."""
    return {
        "job": rendered.job.id,
        "schedule": rendered.job.schedule,
        "due_at": times.to_rfc3339(rendered.job.due_at),
        "result": rendered.result.replace(" ", "_"),
        "reason": rendered.reason or None,
        "took_ms": rendered.took_ms,
    }
