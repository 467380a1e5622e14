"""Format an RFC 5545 rule as a phrase for `--every`, and as a description.

The phrase contains the day from which intervals are counted, so that it gives the same rule at any time.
"""

from collections.abc import Iterable, Mapping

from schedbot.rules.recurrence.rrule import parse_rrule, rrule_start
from schedbot.times.format import MONTHS, WEEKDAYS

NAMES = {
    "MO": "monday",
    "TU": "tuesday",
    "WE": "wednesday",
    "TH": "thursday",
    "FR": "friday",
    "SA": "saturday",
    "SU": "sunday",
}
UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}
ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def to_phrase(text: str) -> str:
    """Return the phrase for `--every`: `2 weeks on friday at 16:00 from 2026-12-04`."""
    parts = parse_rrule(text)
    days, clock = _describe_days(parts), _join(f"{hour}:{minute:02}" for hour, minute in _times_of_day(parts))
    if parts["INTERVAL"] == "1":
        quarter = " of the quarter" if "BYMONTH" in parts else ""
        return f"{days.removeprefix('the ')}{quarter} at {clock}"
    on_days = f" on {days}" if days else ""
    return f"{parts['INTERVAL']} {UNITS[parts['FREQ']]}s{on_days} at {clock} from {rrule_start(text):%Y-%m-%d}"


def describe_rrule(text: str) -> str:
    """Return a description without the zone: `at 16:00 every 2 weeks on Friday, counted from Fri 4 Dec 2026`."""
    parts = parse_rrule(text)
    clock = _join(f"{hour:02}:{minute:02}" for hour, minute in _times_of_day(parts))
    words = _describe_days(parts).split()
    days = " ".join(word.capitalize() if word.rstrip(",") in NAMES.values() else word for word in words)
    if parts["INTERVAL"] == "1":
        return f"at {clock} on {days} of the {'quarter' if 'BYMONTH' in parts else 'month'}"
    on_days = f" on {days}" if days else ""
    start = rrule_start(text)
    since = f"{WEEKDAYS[start.weekday()]} {start.day} {MONTHS[start.month - 1]} {start.year}"
    return f"at {clock} every {parts['INTERVAL']} {UNITS[parts['FREQ']]}s{on_days}, counted from {since}"


def _times_of_day(parts: Mapping[str, str]) -> list[tuple[int, int]]:
    hours, minutes = (list(map(int, parts[name].split(","))) for name in ("BYHOUR", "BYMINUTE"))
    return [(hour, minute) for hour in hours for minute in minutes]


def _describe_days(parts: Mapping[str, str]) -> str:
    """Return `friday`, `the last friday`, `the 1st and 15th`, `the 3rd business day`; '' for any day."""
    if positions := parts.get("BYSETPOS"):
        position = int(positions.split(",")[0])
        return f"the {_ordinal(-1 if position < 0 else (position - 1) // len(_times_of_day(parts)) + 1)} business day"
    if dates := parts.get("BYMONTHDAY"):
        return "the last day" if dates == "-1" else f"the {_join(_ordinal(int(day)) for day in dates.split(','))}"
    days = parts.get("BYDAY", "").split(",")
    if len(days[0]) > 2:
        return f"the {_ordinal(int(days[0][:-2]))} {NAMES[days[0][-2:]]}"
    return _join(NAMES[day] for day in days) if days[0] else ""


def _ordinal(number: int) -> str:
    return "last" if number == -1 else f"{number}{ENDINGS.get(number, 'th')}"


def _join(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
