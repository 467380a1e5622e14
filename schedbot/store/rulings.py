"""What holidays, send windows and blackouts make of an occurrence: it stands, is put off, or is left out.

Rule: what is put off stays the same occurrence (`due_at`) and is available later. One that would be posted no earlier
than the schedule's next occurrence is left out: that one stands for it. A recurrence none of whose schedules has a
calendar costs one look, and each calendar is ruled on once however many schedules share it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from schedbot import recurrence as rules
from schedbot import times
from schedbot.model import HolidayPolicy, Outside, Recurrence, Terms
from schedbot.store.database import Database

# What a version says of calendars, as one value; empty where it says nothing.
CALENDAR = """
CASE WHEN v.skip_holidays = '' AND v.send_window = '' AND v.blackout = '' THEN ''
     ELSE json_array(v.skip_holidays, v.holiday_policy, v.send_window, v.blackout, v.outside) END
"""

CALENDARS = f"""
SELECT DISTINCT {CALENDAR}
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :id AND s.state = 'active'
   AND (v.skip_holidays <> '' OR v.send_window <> '' OR v.blackout <> '')
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a schedule says of holidays and windows, each in its normal form."""

    region: str = ""
    policy: HolidayPolicy = HolidayPolicy.SKIP
    window: str = ""
    blackout: str = ""
    outside: Outside = Outside.DEFER

    @property
    def is_empty(self) -> bool:
        """Does it say nothing?"""
        return not (self.region or self.window or self.blackout)


@dataclass(frozen=True, slots=True)
class Ruling:
    """Why an occurrence is not posted when it is due. `at`: when it is instead; None: never.

    `following` is the recurrence's next occurrence, where that comes no later than `at`.
    """

    error: str
    at: int | None = None
    following: int | None = None

    def leaves_out(self, until_at: int | None) -> bool:
        """Is it not posted at all, by a schedule that ends at `until_at`?"""
        return self.at is None or (self.following is not None and (until_at is None or self.following <= until_at))


def calendar_of(terms: Terms) -> Calendar:
    """The calendar of a schedule's terms; with the policy `before`, its recurrence has seen to the holidays."""
    return Calendar(terms.skip_holidays, terms.holiday_policy, terms.window, terms.blackout, terms.outside)


@lru_cache(maxsize=8_192)
def ruling(calendar: Calendar, rule: Recurrence, due_at: int, now: int) -> Ruling | None:
    """What becomes of the occurrence `due_at` if it is to be posted at `now`, or when it is due; None: it stands."""
    celebrated = "" if calendar.policy is HolidayPolicy.BEFORE else holiday_at(calendar.region, rule.tz, due_at)
    if celebrated and calendar.policy is HolidayPolicy.SKIP:
        return Ruling(celebrated)
    at = moved(calendar.region, rule.tz, due_at) if celebrated else due_at
    reason, opens = opening(calendar, rule.tz, max(at, now))
    if reason and calendar.outside is Outside.SKIP:
        return Ruling(reason)
    if not (celebrated or reason):
        return None
    following = rules.next_after(rule, due_at)
    return Ruling(celebrated or reason, opens, following if following is not None and following <= opens else None)


def holiday_at(region: str, tz: str, at: int) -> str:
    """`holiday: Thanksgiving Day`; empty where there is none on the local day."""
    if not region:
        return ""
    from schedbot import calendars

    name = calendars.holiday(region, date.fromisoformat(times.local_rfc3339(at, times.zone(tz))[:10]))
    return f"holiday: {name}" if name else ""


def moved(region: str, tz: str, at: int) -> int:
    """The same wall-clock time on the next business day that is no holiday."""
    from schedbot import calendars, windows

    return windows.next_free_day(at, times.zone(tz), calendars.days_off(region))


def opening(calendar: Calendar, tz: str, at: int) -> tuple[str, int]:
    """Why it may not be posted at `at` (empty: it may), and the first instant from then on at which it may."""
    if not (calendar.window or calendar.blackout):
        return "", at
    from schedbot import windows

    zone, window = times.zone(tz), windows.parse(calendar.window)
    blackouts = windows.parse_blackouts(calendar.blackout)
    opens = windows.opens_at(window, blackouts, zone, at)
    if opens == at:
        return "", at
    blackout = windows.blackout_at(blackouts, zone, at)
    return f"blackout: {blackout.text}" if blackout else f"outside window: {window.text}", opens


def calendars_of(db: Database, recurrence_id: int) -> list[str]:
    """The calendars of a recurrence's schedules, each once."""
    return [key for (key,) in db.rows(CALENDARS, {"id": recurrence_id})]


def rulings(keys: Sequence[str], rule: Recurrence, due_at: int, now: int) -> dict[str, dict[str, str | int | None]]:
    """Of these calendars, those that keep the occurrence from its time, and what they make of it; fit for JSON."""
    found = {key: ruling(read(key), rule, due_at, now) for key in keys}
    return {key: {"error": one.error, "at": one.at, "following": one.following} for key, one in found.items() if one}


def read(key: str) -> Calendar:
    region, policy, window, blackout, outside = json.loads(key)
    return Calendar(region, HolidayPolicy(policy), window, blackout, Outside(outside))
