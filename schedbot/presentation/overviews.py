"""Summaries of jobs and accounts without a post, as tables and objects."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from schedbot.admin.jobs.overview import MissingAccount, SummaryRow
from schedbot.model import JobState
from schedbot.presentation import output

SHOWN = (JobState.SUCCEEDED, JobState.FAILED, JobState.MISSED, JobState.HELD)
COLUMNS = ("BY", "KEY", "JOBS", *(state.value.upper() for state in SHOWN), "OTHER")
MAX_ROWS = 10  # of one kind


def print_summary(rows: Sequence[SummaryRow]) -> None:
    """Print the rows with the most trouble of each kind; all days."""
    cells: list[list[str]] = []
    for by, each in groupby(rows, key=lambda row: row.by):
        of_kind = list(each)
        shown = of_kind if by == "day" else of_kind[:MAX_ROWS]
        cells.extend(map(summary_cells, shown))
        if len(of_kind) > len(shown):
            cells.append([by, f"... {len(of_kind) - len(shown):,} more", *[""] * (len(COLUMNS) - 2)])
    output.table(COLUMNS, cells, "No job matches.")


def summary_cells(row: SummaryRow) -> list[str]:
    counts = [row.states[state] for state in SHOWN]
    if row.by == "state":
        return [row.by, row.key, f"{row.jobs:,}", *[""] * (len(SHOWN) + 1)]
    return [
        row.by,
        row.key,
        *(f"{number:,}" if number else "" for number in (row.jobs, *counts, row.jobs - sum(counts))),
    ]


def summary_to_json(row: SummaryRow) -> dict[str, Any]:
    """Return the object of a row of the summary."""
    return {"by": row.by, "key": row.key, "jobs": row.jobs, "states": by_name(row.states)}


def print_missing(accounts: Sequence[MissingAccount]) -> None:
    """Print the accounts without a post, one a row; of schedules without an account, the schedule."""
    cells = [
        [each.account or f"schedule {each.schedule}", list_counts(by_name(each.states)), list_counts(each.errors)]
        for each in accounts
    ]
    output.table(
        ("ACCOUNT", "JOBS", "WHY"), cells, "No account, and no schedule without one, has a due job and no post."
    )


def missing_to_json(missing: MissingAccount) -> dict[str, Any]:
    """Return the object of an account without a post."""
    schedule = missing.schedule or None
    return {
        "account": missing.account,
        "schedule": schedule,
        "states": by_name(missing.states),
        "errors": dict(missing.errors),
    }


def by_name(states: Counter[JobState]) -> dict[str, int]:
    return {state.value: count for state, count in states.most_common()}


def list_counts(counts: Mapping[str, int]) -> str:
    """Return `3 missed, 1 failed`."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
