"""Decide whether holidays, send windows and blackout dates let an occurrence be posted, defer it or skip it.

Rule: an occurrence may be posted when the windows of its schedule, its account and its workspace are all open and
no blackout date applies. A deferred occurrence keeps its `due_at` and is posted later. It is skipped if the next
occurrence that is not skipped itself is due by then: that one replaces it. Instants are UTC milliseconds. Pure.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from schedbot import times
from schedbot.model import HolidayPolicy, OutsidePolicy, Recurrence, Schedule, SendHours
from schedbot.rules import recurrence as rules

# The search for an opening stops after so many: a holiday calendar may name every day on which a window opens.
MAX_OPENINGS = 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """Holidays of a schedule, and the hours of the schedule itself, its account and its workspace."""

    region: str = ""
    policy: HolidayPolicy = HolidayPolicy.SKIP
    hours: tuple[SendHours, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Is there neither a holiday region nor a window nor a blackout date?"""
        return not (self.region or self.hours)

    def without_owners(self) -> "Calendar":
        """Return the same calendar with hours that name no owner, so that equal hours of two accounts compare equal."""
        return replace(self, hours=tuple(replace(hours, owner="") for hours in self.hours))


@dataclass(frozen=True, slots=True)
class Closure:
    """Reason why nothing may be posted at an instant. `opens_at`: the next opening; None: never, or skip instead."""

    reason: str
    opens_at: int | None


@dataclass(frozen=True, slots=True)
class CalendarDecision:
    """Reason why an occurrence is not posted when it is due. `at`: the instant it is deferred to; None: skipped.

    `replaced_by` is the recurrence's next occurrence, if that is due no later than `at`.
    """

    reason: str
    at: int | None = None
    replaced_by: int | None = None

    def skips(self, until_at: int | None) -> bool:
        """Is the occurrence of a schedule that ends at `until_at` not posted at all?"""
        return self.at is None or (self.replaced_by is not None and (until_at is None or self.replaced_by <= until_at))


def get_calendar(schedule: Schedule) -> Calendar:
    """Return the calendar of a schedule in its current version."""
    terms = schedule.terms
    own_hours = SendHours("", terms.window, terms.outside, terms.blackout)
    return Calendar(terms.skip_holidays, terms.holiday_policy, drop_empty_hours(own_hours, *schedule.shared_hours))


def drop_empty_hours(*hours: SendHours) -> tuple[SendHours, ...]:
    """Return the hours that have a window or a blackout date."""
    return tuple(entry for entry in hours if entry.window or entry.blackout)


@lru_cache(maxsize=8_192)
def decide(calendar: Calendar, rule: Recurrence, due_at: int, now: int) -> CalendarDecision | None:
    """Decide on the occurrence `due_at` if it is posted at `now`, or when it is due. None: post it.

    An occurrence that is overdue at `now` keeps the instant it was deferred to, unless the calendar is closed at `now`.
    """
    decision = decide_in_time(calendar, rule, due_at)
    if now <= due_at or (decision and (decision.at is None or decision.at >= now)):
        return decision
    closure = find_closure(calendar, rule.tz, now)
    return decision if closure is None else defer_or_skip(calendar, rule, due_at, closure)


@lru_cache(maxsize=65_536)  # a fortnight of every five minutes by ten calendars: each slice of a tick asks again
def decide_in_time(calendar: Calendar, rule: Recurrence, due_at: int) -> CalendarDecision | None:
    """Decide on an occurrence that is not late. None: post it when it is due."""
    holiday = find_handled_holiday(calendar, rule, due_at)
    if holiday and calendar.policy is HolidayPolicy.SKIP:
        return CalendarDecision(holiday)
    at = move_after_holiday(calendar.region, rule.tz, due_at) if holiday else due_at
    closure = find_closure(calendar, rule.tz, at)
    if closure is None and not holiday:
        return None
    decision = CalendarDecision(holiday, at) if closure is None else defer_or_skip(calendar, rule, due_at, closure)
    if decision.at is None:
        return decision
    replaced_by = find_replacement(calendar, rule, due_at, decision.at)
    return CalendarDecision(holiday or decision.reason, decision.at, replaced_by)


def defer_or_skip(calendar: Calendar, rule: Recurrence, due_at: int, closure: Closure) -> CalendarDecision:
    """Defer the occurrence to the end of the closure, or skip it if the closure has no end."""
    if closure.opens_at is None:
        return CalendarDecision(closure.reason)
    replaced_by = find_replacement(calendar, rule, due_at, closure.opens_at)
    return CalendarDecision(closure.reason, closure.opens_at, replaced_by)


def find_replacement(calendar: Calendar, rule: Recurrence, after: int, up_to: int) -> int | None:
    """Return the first occurrence after `after`, up to `up_to`, that the calendar does not skip, or None."""
    occurrences = rules.between(rule, after, up_to)
    return next((due_at for due_at in occurrences if not is_skipped(calendar, rule, due_at)), None)


def is_skipped(calendar: Calendar, rule: Recurrence, due_at: int) -> bool:
    """Does the calendar skip the occurrence by itself, whether or not another one replaces it?"""
    holiday = find_handled_holiday(calendar, rule, due_at)
    if holiday and calendar.policy is HolidayPolicy.SKIP:
        return True
    at = move_after_holiday(calendar.region, rule.tz, due_at) if holiday else due_at
    closure = find_closure(calendar, rule.tz, at)
    return closure is not None and closure.opens_at is None


def find_handled_holiday(calendar: Calendar, rule: Recurrence, due_at: int) -> str:
    """Return the holiday that the calendar handles, or ''. With the policy `before`, the recurrence handles it."""
    return "" if calendar.policy is HolidayPolicy.BEFORE else find_holiday(calendar.region, rule.tz, due_at)


def find_holiday(region: str, tz: str, at: int) -> str:
    """Return the holiday on the local day, as `holiday: Thanksgiving Day`, or ''."""
    if not region:
        return ""
    from schedbot.rules import public_holidays

    name = public_holidays.holiday_name(region, date.fromisoformat(times.to_local_rfc3339(at, times.zone(tz))[:10]))
    return f"holiday: {name}" if name else ""


def move_after_holiday(region: str, tz: str, at: int) -> int:
    """Return the same wall-clock time on the next business day that is no holiday."""
    from schedbot.rules import public_holidays, windows

    return windows.same_time_next_business_day(at, times.zone(tz), public_holidays.region_calendar(region))


def find_closure(calendar: Calendar, tz: str, at: int) -> Closure | None:
    """Return why nothing may be posted at `at`, or None. Hours that skip take precedence over hours that defer."""
    closed = [(hours, reason) for hours in calendar.hours if (reason := find_closed_reason(hours, tz, at))]
    if not closed:
        return None
    skip_reason = next((reason for hours, reason in closed if hours.outside is OutsidePolicy.SKIP), None)
    return Closure(skip_reason, None) if skip_reason else Closure(closed[0][1], find_opening(calendar, tz, at))


def find_closed_reason(hours: SendHours, tz: str, at: int) -> str:
    """Return why these hours are closed, as `outside window of account 42: mon-fri 08:00-18:00`, or ''."""
    from schedbot.rules import windows

    zone, owner = times.zone(tz), f" of {hours.owner}" if hours.owner else ""
    if blackout := windows.blackout_at(windows.parse_blackouts(hours.blackout), zone, at):
        return f"blackout{owner}: {blackout.text}"
    return (
        ""
        if windows.is_open(windows.parse_window(hours.window), zone, at)
        else f"outside window{owner}: {hours.window}"
    )


def find_opening(calendar: Calendar, tz: str, at: int) -> int | None:
    """Return the first instant at or after `at` at which all hours are open, or None.

    A deferral never ends on a holiday.
    """
    from schedbot.rules import windows

    zone = times.zone(tz)
    window = windows.intersect(tuple(hours.window for hours in calendar.hours))
    blackouts = [blackout for hours in calendar.hours for blackout in windows.parse_blackouts(hours.blackout)]
    since = at
    if window is None:
        return None
    for _ in range(MAX_OPENINGS):
        opens_at = windows.first_open_at(window, blackouts, zone, since)
        if opens_at == at or not find_holiday(calendar.region, tz, opens_at):
            return opens_at
        since = windows.start_of_next_day(opens_at, zone)
    return None
