"""`schedbot reports`: list the named reports, and check that every schedule's report works."""

from collections import Counter
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.reports import check_reports, list_reports
from schedbot.admin.reports.check_reports import CheckedReport, ReportChecker
from schedbot.admin.reports.list_reports import ReportOverview
from schedbot.errors import FAILED
from schedbot.presentation import output
from schedbot.session import Session, open_session

HEADS = ("NAME", "KIND", "WHERE", "SCHEDULES", "LAST", "RESULT", "P95")
CHECK_KEYS = ("schedule", "report", "ok", "error", "took_ms", "note")
MOST_PLACE = 60

CHECK = "check"


def run(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[check] [NAME]", help="Names of reports; 'check' renders them.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the reports of the configuration: kind, source, schedules, last result, and time of rendering.

    P95: 95 of 100 recent renderings took no longer. 'schedbot reports check' renders the next message of every active
    schedule, posts nothing, and lists each report that fails with its reason; names may be globs. Without names, it
    checks the schedules' own templates as well.

    Example:  schedbot reports check
    """
    names = words or []
    with open_session() as session:
        if names[:1] == [CHECK]:
            check(session, names[1:], json)
        else:
            show(session, names, json)


def show(session: Session, names: list[str], json: bool) -> None:
    """Print the reports."""
    overviews = list(list_reports.list_reports(session, names))
    if json:
        output.json_lines(to_json(overview) for overview in overviews)
        return
    now = session.now()
    empty = "The configuration has no report. Write a table [reports.NAME] in schedbot.toml."
    output.table(HEADS, [to_row(overview, now) for overview in overviews], empty)
    for overview in overviews:
        if overview.problem:
            output.note(f"Note: {overview.problem}")


def to_row(overview: ReportOverview, now: int) -> list[str]:
    """Return the cells of a report."""
    return [
        overview.name,
        overview.kind or "-",
        output.cut(overview.place.removeprefix(f"{overview.folder}/"), MOST_PLACE) or "-",
        f"{overview.schedules:,}",
        times.format_relative(overview.last_at, now) if overview.last_at is not None else "",
        overview.last_outcome or "",
        times.format_duration(overview.p95_ms) if overview.p95_ms is not None else "",
    ]


def to_json(overview: ReportOverview) -> dict[str, Any]:
    """Return the object of a report."""
    return {
        "name": overview.name,
        "kind": overview.kind or None,
        "place": overview.place or None,
        "schedules": overview.schedules,
        "last_at": None if overview.last_at is None else times.to_rfc3339(overview.last_at),
        "last_outcome": overview.last_outcome,
        "p95_ms": overview.p95_ms,
        "problem": overview.problem or None,
    }


def check(session: Session, names: list[str], json: bool) -> None:
    """Render the next messages and print what fails. Exits with 1 if any does."""
    counts = Counter[bool]()
    checker = ReportChecker(session, names)
    with output.progress("Checking", total=check_reports.count_schedules(session)) as bar:
        for checked in checker.run():
            counts[checked.is_ok] += 1
            bar.update(bar.task_ids[0], completed=counts.total())
            print_checked(checked, json)
    if not json:
        noun = "report" if counts[True] == 1 else "reports"
        output.print_line(f"{counts[True]:,} {noun} ok, {counts[False]:,} failed.")
    if counts[False]:
        raise typer.Exit(FAILED)


def print_checked(checked: CheckedReport, json: bool) -> None:
    """Print the result for a schedule: as JSON always, as a line where it failed or gives no message."""
    if json:
        values = (checked.schedule, checked.report, checked.is_ok, checked.error, checked.took_ms, checked.note or None)
        output.json_lines([dict(zip(CHECK_KEYS, values, strict=True))])
        return
    name = f"{checked.schedule} ({checked.report})" if checked.schedule else checked.report
    if not checked.is_ok:
        output.print_line(f"FAILED {name}: {checked.error}", hang=7)
        for line in filter(None, (checked.place, checked.hint)):
            output.print_line(f"       {line}", hang=7)
    elif checked.note:
        output.print_line(f"ok     {name}: {checked.note}", hang=7)
