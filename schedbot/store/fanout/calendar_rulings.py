"""What holidays, send windows and blackouts make of an occurrence: it stands, is put off, or is left out.

Rule: it may go when the windows of its schedule, its account and its workspace are all open and no blackout holds.
What is put off stays the same occurrence (`due_at`) and is available later. It is left out where the next occurrence
is due by then and is not left out itself: that one stands for it. A recurrence none of whose schedules has a calendar
costs one look, and each calendar is ruled on once however many schedules share it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from schedbot import times
from schedbot.model import HolidayPolicy, Hours, Outside, Recurrence, Schedule
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.schedules import shared_calendars as shared

# So many openings are looked at: a calendar is another's work, and may have a holiday on each day that a window has.
OPENINGS = 60

CALENDARS = f"""
SELECT DISTINCT {shared.CALENDAR}
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :id AND s.state = 'active'
   AND (v.skip_holidays <> '' OR v.send_window <> '' OR v.blackout <> '' OR {shared.THERE})
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What keeps a schedule: holidays, and the hours of the schedule itself, its account and its workspace."""

    region: str = ""
    policy: HolidayPolicy = HolidayPolicy.SKIP
    hours: tuple[Hours, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Does it say nothing?"""
        return not (self.region or self.hours)

    @property
    def unnamed(self) -> "Calendar":
        """The same hours, whosever they are: accounts that say the same are judged once."""
        return replace(self, hours=tuple(replace(one, whose="") for one in self.hours))


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing may be posted at an instant, and when it may be again. `opens` None: never, or it is not to be."""

    reason: str
    opens: int | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """Why an occurrence is not posted when it is due. `at`: when it is instead; None: never.

    `following` is the recurrence's next occurrence that stands for it, where that comes no later than `at`.
    """

    error: str
    at: int | None = None
    following: int | None = None

    def leaves_out(self, until_at: int | None) -> bool:
        """Is it not posted at all, by a schedule that ends at `until_at`?"""
        return self.at is None or (self.following is not None and (until_at is None or self.following <= until_at))


def calendar_of(schedule: Schedule) -> Calendar:
    """The calendar of a schedule as it stands; with the policy `before`, its recurrence has seen to the holidays."""
    terms = schedule.terms
    own = Hours("", terms.window, terms.outside, terms.blackout)
    return Calendar(terms.skip_holidays, terms.holiday_policy, said(own, *schedule.shared))


def said(*hours: Hours) -> tuple[Hours, ...]:
    """Those that say something."""
    return tuple(one for one in hours if one.window or one.blackout)


@lru_cache(maxsize=8_192)
def ruling(calendar: Calendar, rule: Recurrence, due_at: int, now: int) -> Ruling | None:
    """What becomes of the occurrence `due_at` if it is to be posted at `now`, or when it is due; None: it stands.

    What was to go before `now` keeps the instant that it was put off to, unless it is closed now.
    """
    found = standing(calendar, rule, due_at)
    if now <= due_at or (found and (found.at is None or found.at >= now)):
        return found
    shut = closed(calendar, rule.tz, now)
    return found if shut is None else shut_until(calendar, rule, due_at, shut)


@lru_cache(maxsize=65_536)  # a fortnight of every five minutes by ten calendars: each slice of a tick asks again
def standing(calendar: Calendar, rule: Recurrence, due_at: int) -> Ruling | None:
    """What becomes of an occurrence where all goes as it should; None: it is posted when it is due."""
    celebrated = celebrated_at(calendar, rule, due_at)
    if celebrated and calendar.policy is HolidayPolicy.SKIP:
        return Ruling(celebrated)
    at = moved(calendar.region, rule.tz, due_at) if celebrated else due_at
    shut = closed(calendar, rule.tz, at)
    if shut is None and not celebrated:
        return None
    found = Ruling(celebrated, at) if shut is None else shut_until(calendar, rule, due_at, shut)
    if found.at is None:
        return found
    return Ruling(celebrated or found.error, found.at, following(calendar, rule, due_at, found.at))


def shut_until(calendar: Calendar, rule: Recurrence, due_at: int, shut: Closed) -> Ruling:
    if shut.opens is None:
        return Ruling(shut.reason)
    return Ruling(shut.reason, shut.opens, following(calendar, rule, due_at, shut.opens))


def following(calendar: Calendar, rule: Recurrence, due_at: int, opens: int) -> int | None:
    """The next occurrence that stands for one which is put off to `opens`, if there is one by then."""
    return next((one for one in rules.between(rule, due_at, opens) if not is_left_out(calendar, rule, one)), None)


def is_left_out(calendar: Calendar, rule: Recurrence, due_at: int) -> bool:
    """Is it left out for its own sake, and not because another stands for it?"""
    celebrated = celebrated_at(calendar, rule, due_at)
    if celebrated and calendar.policy is HolidayPolicy.SKIP:
        return True
    shut = closed(calendar, rule.tz, moved(calendar.region, rule.tz, due_at) if celebrated else due_at)
    return shut is not None and shut.opens is None


def celebrated_at(calendar: Calendar, rule: Recurrence, due_at: int) -> str:
    """The holiday that a calendar has to see to; with the policy `before`, the recurrence did."""
    return "" if calendar.policy is HolidayPolicy.BEFORE else holiday_at(calendar.region, rule.tz, due_at)


def holiday_at(region: str, tz: str, at: int) -> str:
    """`holiday: Thanksgiving Day`; empty where there is none on the local day."""
    if not region:
        return ""
    from schedbot.rules import holidays

    name = holidays.holiday(region, date.fromisoformat(times.local_rfc3339(at, times.zone(tz))[:10]))
    return f"holiday: {name}" if name else ""


def moved(region: str, tz: str, at: int) -> int:
    """The same wall-clock time on the next business day that is no holiday."""
    from schedbot.rules import holidays as holiday_rules
    from schedbot.rules import windows

    return windows.next_free_day(at, times.zone(tz), holiday_rules.days_off(region))


def closed(calendar: Calendar, tz: str, at: int) -> Closed | None:
    """Why nothing may be posted at `at`; None: it may. One that says `skip` is named before one that defers."""
    shut = [(one, why) for one in calendar.hours if (why := shut_by(one, tz, at))]
    if not shut:
        return None
    skips = next((why for one, why in shut if one.outside is Outside.SKIP), None)
    return Closed(skips, None) if skips else Closed(shut[0][1], opening(calendar, tz, at))


def shut_by(hours: Hours, tz: str, at: int) -> str:
    """`outside window of account 42: mon-fri 08:00-18:00`; empty where these hours are open."""
    from schedbot.rules import windows

    zone, whose = times.zone(tz), f" of {hours.whose}" if hours.whose else ""
    if blackout := windows.blackout_at(windows.parse_blackouts(hours.blackout), zone, at):
        return f"blackout{whose}: {blackout.text}"
    return "" if windows.is_open(windows.parse(hours.window), zone, at) else f"outside window{whose}: {hours.window}"


def opening(calendar: Calendar, tz: str, at: int) -> int | None:
    """The first instant at or after `at` at which all hours are open; None: there is none that helps.

    What has to wait for it does not end on a holiday.
    """
    from schedbot.rules import windows

    hours, zone = calendar.hours, times.zone(tz)
    both = windows.meeting(tuple(one.window for one in hours))
    blackouts = [blackout for one in hours for blackout in windows.parse_blackouts(one.blackout)]
    since = at
    if both is None:
        return None
    for _ in range(OPENINGS):
        opens = windows.opens_at(both, blackouts, zone, since)
        if opens == at or not holiday_at(calendar.region, tz, opens):
            return opens
        since = windows.day_after(opens, zone)
    return None


def calendars_of(db: Database, recurrence_id: int) -> list[str]:
    """The calendars of a recurrence's schedules, each once."""
    return [key for (key,) in db.rows(CALENDARS, {"id": recurrence_id})]


def rulings(keys: Sequence[str], rule: Recurrence, due_at: int, now: int) -> dict[str, dict[str, str | int | None]]:
    """Of these calendars, those that keep the occurrence from its time, and what they make of it; fit for JSON."""
    found = {key: ruling(read(key), rule, due_at, now) for key in keys}
    return {key: {"error": one.error, "at": one.at, "following": one.following} for key, one in found.items() if one}


@lru_cache(maxsize=8_192)
def read(key: str) -> Calendar:
    """The calendar that a key of CALENDAR stands for; an empty one for an empty key."""
    if not key:
        return Calendar()
    region, policy, *hours = json.loads(key)
    return Calendar(region, HolidayPolicy(policy), said(*map(shared.hours, filter(None, hours))))
