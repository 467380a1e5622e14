"""When a schedule fires, by the rule of Debian's cron in any zone; and what an expression means. All of it is pure."""

from schedbot.errors import BadInput
from schedbot.recurrence.advice import change_in_words, clock_changes, warnings
from schedbot.recurrence.fires import Change, Effect, between, changes, latest_at_or_before, next_after
from schedbot.recurrence.offsets import zone
from schedbot.recurrence.phrase import to_cron
from schedbot.recurrence.plan import is_ever_due, plan_of
from schedbot.recurrence.rhythm import counted_from
from schedbot.recurrence.rhythm_phrase import to_recurrence
from schedbot.recurrence.rhythm_words import phrase_of
from schedbot.recurrence.spelling import normal_form
from schedbot.recurrence.words import meaning
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
