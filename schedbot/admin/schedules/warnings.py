"""What of a schedule is often meant otherwise, as sentences: its rule, and what its windows and holidays leave of it.

Rule: nothing is refused for it, and it costs little, however much is left out.
"""

from schedbot.model import OutsidePolicy, Recurrence, Schedule
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import Calendar
from schedbot.rules.next_open import next_open_occurrence
from schedbot.rules.recurrence.warnings import YEAR


def find_warnings(schedule: Schedule, now: int) -> list[str]:
    """Sentences on what is hardly meant as it is said; none where all is well."""
    rule = schedule.recurrence
    of_rule = (
        rules.warnings(rule.cron, rule.tz, now, rule.before_holidays)
        if rule.cron
        else rules.clock_change_warnings(rule, now)
    )
    return [*of_rule, *on_calendar(schedule, now)]


def on_calendar(schedule: Schedule, now: int) -> list[str]:
    terms, said = schedule.terms, []
    if terms.outside is OutsidePolicy.SKIP and not (terms.window or terms.blackout):
        said.append("'--outside skip' does nothing: the schedule has no window and no blackout of its own.")
    after = max(now, (terms.starts_at or 0) - 1)
    end = after + YEAR if terms.until_at is None else min(after + YEAR, terms.until_at)
    if why := all_left_out(calendar_rules.get_calendar(schedule), schedule.recurrence, after, end):
        said.append(f"Nothing will be posted within a year: each occurrence is left out, the next one by '{why}'.")
    return said


def all_left_out(calendar: Calendar, rule: Recurrence, after: int, end: int) -> str:
    """Why the next occurrence is left out, if each one up to `end` is; empty if one is not, or none comes."""
    first = None if calendar.is_empty else rules.next_after(rule, after)
    if first is None or first > end:
        return ""
    going, ruled = next_open_occurrence(calendar, rule, first), calendar_rules.decide_in_time(calendar, rule, first)
    return ruled.reason if ruled and (going is None or going > end) else ""
