"""Recurrence rules: validation, instants by the rules of Debian's cron in any time zone, and descriptions. Pure."""

from schedbot.errors import BadInput
from schedbot.rules.recurrence.cron_expression import is_ever_due, parse_cron
from schedbot.rules.recurrence.cron_normalization import normalize
from schedbot.rules.recurrence.cron_phrases import to_cron
from schedbot.rules.recurrence.describe import describe
from schedbot.rules.recurrence.describe_rrule import to_phrase
from schedbot.rules.recurrence.firing_times import (
    ClockChange,
    ClockChangeEffect,
    between,
    clock_changes,
    find_occurrence_before,
    latest_at_or_before,
    next_after,
)
from schedbot.rules.recurrence.phrases import to_recurrence
from schedbot.rules.recurrence.rrule import rrule_start
from schedbot.rules.recurrence.utc_offsets import zone
from schedbot.rules.recurrence.warnings import clock_change_warnings, describe_clock_change, warnings
from schedbot.times import quote

__all__ = [
    "ClockChange",
    "ClockChangeEffect",
    "between",
    "check_cron",
    "clock_change_warnings",
    "clock_changes",
    "describe",
    "describe_clock_change",
    "find_occurrence_before",
    "latest_at_or_before",
    "next_after",
    "rrule_start",
    "to_cron",
    "to_phrase",
    "to_recurrence",
    "warnings",
]


def check_cron(expression: str, tz: str) -> str:
    """Return the normal form of the expression. Raises BadInput if it or the zone is invalid, or it is never due."""
    zone(tz)
    normal_form = normalize(expression)
    if not is_ever_due(parse_cron(normal_form)):
        hint = "None of its months has such a day. 'L' is the last day of any month."
        raise BadInput(f"{quote(expression)} is never due.", hint=hint)
    return normal_form
