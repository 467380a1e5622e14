"""`schedbot stats`: posts, failures, retries, lateness and rendering time."""

from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.operations.figures import stats
from schedbot.admin.operations.figures.stats import BY, BY_TIME, StatsRow
from schedbot.errors import BadInput
from schedbot.presentation import output
from schedbot.presentation import stats as presentation
from schedbot.session import open_session
from schedbot.store.history.result_counts import SPAN_MS
from schedbot.store.operations import rollups
from schedbot.text_input import refuse_empty

TABLE_ROWS = 50


def run(
    by: Annotated[str, typer.Option(metavar="|".join(BY), help="Key of a row.")] = "day",
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Jobs due since then: 30d, monday. [default: all]")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=1_000_000, help="N rows. [default: 50 in the table; all otherwise]"),
    ] = None,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write a page with the table and a chart.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV.")] = False,
) -> None:
    """Show posts, failures, retries, missed occurrences, lateness and rendering time, by the instant they were due.

    Hours begin with the hour of --since; days are those of this computer's time zone. The figures include pruned jobs.
    Percentiles are estimated from counts in steps of at most 20 %. With --by error, RETRIED counts the attempts that
    ended with the error and had another after them. Account, workspace, channel and report are those of the schedule
    now.

    Example:  schedbot stats --by account --since 30d
    """
    if by not in BY:
        raise BadInput(f"--by: unknown key {times.quote(by)}.", f"Known keys: {', '.join(BY)}.")
    if sum((json, csv, html is not None)) > 1:
        raise BadInput("Only one of --json, --csv and --html can be used.", "Use one of them.")
    refuse_empty("since", since)
    refuse_empty("html", html)
    with open_session() as session:
        since_at = times.parse_past(since, session.local_zone, session.now()) if since else 0
        rows = stats.compute(session, by, since_at)
        if by not in BY_TIME and rollups.is_rounded(session.db, since_at):
            begin = times.to_rfc3339(since_at // SPAN_MS * SPAN_MS)
            output.note(f"Jobs since then are pruned, so these figures begin at {begin}.")
    if json:
        output.json_lines(map(stats.to_json, rows[:limit]))
    elif csv:
        output.csv_rows(StatsRow._fields, map(stats.to_json, rows[:limit]))
    elif html is not None:
        presentation.write_page(html, rows[:limit])
    else:
        print_shown(rows, by, limit or TABLE_ROWS)


def print_shown(rows: list[StatsRow], by: str, limit: int) -> None:
    """Print the newest or largest rows, and say if there are more."""
    presentation.print_table(rows[-limit:] if by in BY_TIME else rows[:limit])
    if len(rows) > limit:
        which = "newest" if by in BY_TIME else "largest"
        output.note(f"Only the {which} {limit} of {len(rows):,} rows are shown. Use --limit N to see others.")
