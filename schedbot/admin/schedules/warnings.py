"""Warnings about likely mistakes in a schedule: in its recurrence, its calendar and its blocks.

A warning refuses nothing. The search is bounded, however many occurrences are skipped.
"""

from schedbot.admin.schedules import preview
from schedbot.admin.workspaces import scope_warnings
from schedbot.model import OutsidePolicy, Recurrence, Schedule
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import Calendar
from schedbot.rules.next_open_occurrence import next_open_occurrence
from schedbot.rules.recurrence.warnings import YEAR
from schedbot.session import Session


def find_all(session: Session, schedule: Schedule) -> list[str]:
    """Return all warnings as sentences, also those about scopes of the workspace's token."""
    return [*find_warnings(schedule, session.now()), *scope_warnings.find_warnings(session, schedule)]


def find_warnings(schedule: Schedule, now: int) -> list[str]:
    """Return the warnings as sentences."""
    rule = schedule.recurrence
    if rule.cron:
        sentences = rules.warnings(rule.cron, rule.tz, now, rule.before_holidays)
    else:
        sentences = rules.clock_change_warnings(rule, now)
    sentences += calendar_warnings(schedule, now)
    return [*sentences, *preview.find_block_warnings(schedule, now)]


def calendar_warnings(schedule: Schedule, now: int) -> list[str]:
    terms, sentences = schedule.terms, []
    if terms.outside is OutsidePolicy.SKIP and not (terms.window or terms.blackout):
        sentences.append("'--outside skip' does nothing: the schedule has no window and no blackout of its own.")
    after = max(now, (terms.starts_at or 0) - 1)
    end = after + YEAR if terms.until_at is None else min(after + YEAR, terms.until_at)
    reason = skip_reason_if_all(calendar_rules.get_calendar(schedule), schedule.recurrence, after, end)
    if reason:
        sentences.append(f"Nothing will be posted within a year: every occurrence is skipped, the next by '{reason}'.")
    return sentences


def skip_reason_if_all(calendar: Calendar, rule: Recurrence, after: int, end: int) -> str:
    """Return the reason why the next occurrence is skipped, if all up to `end` are skipped; else an empty text."""
    first = None if calendar.is_empty else rules.next_after(rule, after)
    if first is None or first > end:
        return ""
    next_open = next_open_occurrence(calendar, rule, first)
    decision = calendar_rules.decide_in_time(calendar, rule, first)
    return decision.reason if decision and (next_open is None or next_open > end) else ""
