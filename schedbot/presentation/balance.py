"""Result of `audit --balance`: the occurrences that do not balance, as lines or objects, and the totals."""

from collections.abc import Iterable
from typing import Any

from schedbot import times
from schedbot.admin.balance.comparison import BalanceTotals, Imbalance
from schedbot.presentation import output


def print_imbalances(imbalances: Iterable[Imbalance], limit: int, now: int) -> None:
    """Print a line for each of the first `limit`; the others are only counted."""
    more = 0
    for number, imbalance in enumerate(imbalances):
        if number < limit:
            output.print_line(describe(imbalance, now), "red", hang=4)
        else:
            more += 1
    if more:
        output.print_line(f"... and {more:,} more. Use --limit N or --json to see all.")


def describe(imbalance: Imbalance, now: int) -> str:
    """Return `'daily' due 2026-12-01 09:00 PST (2 h ago): it has no job ...`."""
    due = times.format_instant(imbalance.due_at, times.zone(imbalance.tz), now)
    return f"'{imbalance.schedule}' due {due}: {imbalance.why}."


def describe_totals(totals: BalanceTotals) -> str:
    """Return `1,203 occurrences: 1,200 succeeded, 3 missed. All balance.`"""
    states = ", ".join(f"{count:,} {state.value}" for state, count in totals.states.most_common())
    counts = f"{output.count(totals.occurrences, 'occurrence')}{f': {states}' if states else ''}"
    if totals.unbalanced:
        return f"{counts}. {totals.unbalanced:,} {'does' if totals.unbalanced == 1 else 'do'} not balance."
    return f"{counts}. All balance."


def to_json(imbalance: Imbalance) -> dict[str, Any]:
    """Return the object of an occurrence that does not balance."""
    return {
        "schedule": imbalance.schedule,
        "due_at": times.to_rfc3339(imbalance.due_at),
        "expected": imbalance.expected,
        "found": imbalance.recorded,
        "why": imbalance.why,
    }


def totals_to_json(totals: BalanceTotals) -> dict[str, Any]:
    """Return the object of the last line."""
    return {"occurrences": totals.occurrences, "balanced": totals.balanced, "unbalanced": totals.unbalanced}
