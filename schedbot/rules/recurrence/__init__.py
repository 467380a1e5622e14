"""When a schedule fires, by the rule of Debian's cron in any zone; and what an expression means. All of it is pure."""

from schedbot.errors import BadInput
from schedbot.rules.recurrence.cron_phrases import to_cron
from schedbot.rules.recurrence.cron_syntax import normal_form
from schedbot.rules.recurrence.cron_times import is_ever_due, plan_of
from schedbot.rules.recurrence.describe import describe
from schedbot.rules.recurrence.firing_times import (
    ClockChange,
    ClockChangeEffect,
    between,
    clock_changes,
    latest_at_or_before,
    next_after,
)
from schedbot.rules.recurrence.phrases import to_recurrence
from schedbot.rules.recurrence.rrule import rrule_start
from schedbot.rules.recurrence.rrule_text import to_phrase
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
    "latest_at_or_before",
    "next_after",
    "rrule_start",
    "to_cron",
    "to_phrase",
    "to_recurrence",
    "warnings",
]


def check_cron(expression: str, tz: str) -> str:
    """The expression as it is stored. Raises BadInput if it or the zone is not taken, or if it is never due."""
    zone(tz)
    spelling = normal_form(expression)
    if not is_ever_due(plan_of(spelling)):
        hint = "No month that it names has such a day. 'L' is the last day of any month."
        raise BadInput(f"{quote(expression)} is never due.", hint=hint)
    return spelling
