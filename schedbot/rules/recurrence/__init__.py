"""When a schedule fires, by the rule of Debian's cron in any zone; and what an expression means. All of it is pure."""

from schedbot.errors import BadInput
from schedbot.rules.recurrence.cron_phrases import to_cron
from schedbot.rules.recurrence.cron_syntax import normal_form
from schedbot.rules.recurrence.cron_times import is_ever_due, plan_of
from schedbot.rules.recurrence.describe import meaning
from schedbot.rules.recurrence.firing_times import Change, Effect, between, changes, latest_at_or_before, next_after
from schedbot.rules.recurrence.phrases import to_recurrence
from schedbot.rules.recurrence.rrule import counted_from
from schedbot.rules.recurrence.rrule_text import phrase_of
from schedbot.rules.recurrence.utc_offsets import zone
from schedbot.rules.recurrence.warnings import change_in_words, clock_changes, warnings
from schedbot.times import quoted

__all__ = [
    "Change",
    "Effect",
    "between",
    "change_in_words",
    "changes",
    "check_cron",
    "clock_changes",
    "counted_from",
    "latest_at_or_before",
    "meaning",
    "next_after",
    "phrase_of",
    "to_cron",
    "to_recurrence",
    "warnings",
]


def check_cron(expression: str, tz: str) -> str:
    """The expression as it is stored. Raises BadInput if it or the zone is not taken, or if it is never due."""
    zone(tz)
    spelling = normal_form(expression)
    if not is_ever_due(plan_of(spelling)):
        hint = "No month that it names has such a day. 'L' is the last day of any month."
        raise BadInput(f"{quoted(expression)} is never due.", hint=hint)
    return spelling
