"""A rule of RFC 5545 said back: as the phrase that makes it again, and in words.

The phrase names the day that it is counted from, so that it comes to the same rule whenever it is read.
"""

from collections.abc import Iterable, Mapping

from schedbot.rules.recurrence.rrule import parts_of, rrule_start
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
    """`2 weeks on friday at 16:00 from 2026-12-04`: what `--every` takes."""
    parts = parts_of(text)
    on, clock = _on(parts), _joined(f"{hour}:{minute:02}" for hour, minute in _clock(parts))
    if parts["INTERVAL"] == "1":
        quarter = " of the quarter" if "BYMONTH" in parts else ""
        return f"{on.removeprefix('the ')}{quarter} at {clock}"
    days = f" on {on}" if on else ""
    return f"{parts['INTERVAL']} {UNITS[parts['FREQ']]}s{days} at {clock} from {rrule_start(text):%Y-%m-%d}"


def in_words(text: str) -> str:
    """`at 16:00 every 2 weeks on Friday, counted from Fri 4 Dec 2026`; the zone is the caller's to add."""
    parts = parts_of(text)
    clock = _joined(f"{hour:02}:{minute:02}" for hour, minute in _clock(parts))
    on = " ".join(word.capitalize() if word.rstrip(",") in NAMES.values() else word for word in _on(parts).split())
    if parts["INTERVAL"] == "1":
        return f"at {clock} on {on} of the {'quarter' if 'BYMONTH' in parts else 'month'}"
    days = f" on {on}" if on else ""
    start = rrule_start(text)
    since = f"{WEEKDAYS[start.weekday()]} {start.day} {MONTHS[start.month - 1]} {start.year}"
    return f"at {clock} every {parts['INTERVAL']} {UNITS[parts['FREQ']]}s{days}, counted from {since}"


def _clock(parts: Mapping[str, str]) -> list[tuple[int, int]]:
    hours, minutes = (list(map(int, parts[name].split(","))) for name in ("BYHOUR", "BYMINUTE"))
    return [(hour, minute) for hour in hours for minute in minutes]


def _on(parts: Mapping[str, str]) -> str:
    """`friday`, `the last friday`, `the 1st and 15th`, `the last day`, `the 3rd business day`; empty for any day."""
    if places := parts.get("BYSETPOS"):
        place = int(places.split(",")[0])
        return f"the {_ordinal(-1 if place < 0 else (place - 1) // len(_clock(parts)) + 1)} business day"
    if dates := parts.get("BYMONTHDAY"):
        return "the last day" if dates == "-1" else f"the {_joined(_ordinal(int(day)) for day in dates.split(','))}"
    days = parts.get("BYDAY", "").split(",")
    if len(days[0]) > 2:
        return f"the {_ordinal(int(days[0][:-2]))} {NAMES[days[0][-2:]]}"
    return _joined(NAMES[day] for day in days) if days[0] else ""


def _ordinal(number: int) -> str:
    return "last" if number == -1 else f"{number}{ENDINGS.get(number, 'th')}"


def _joined(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
