"""Convert a phrase for `--every` to cron if cron can express it, else to an RFC 5545 rule.

An interval of several days, weeks or months counts from a day: the one in the phrase (`from 2026-12-04`), else the
first matching day at or after a given wall-clock time. Business days are Monday to Friday.
"""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import NamedTuple

from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules.recurrence.cron_phrases import MAX_LENGTH, to_cron
from schedbot.rules.recurrence.rrule import STAMP, first_at_or_after, format_rrule
from schedbot.times import quote

FIXED_START = "19700101T000000"  # for rules that do not count, so that equal rules have equal text
DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
BUSINESS = "MO,TU,WE,TH,FR"
MAX_BUSINESS_DAY = 20  # every month has at least 20
FREQUENCIES = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "quarter": "MONTHLY"}
MAX_INTERVAL = {"day": 366, "week": 52, "month": 24, "quarter": 1}
FIRST_MONTHS, LAST_MONTHS = "1,4,7,10", "3,6,9,12"
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
COUNTED_FROM = re.compile(r"(.*?),? (?:counted )?(?:from|starting|since)(?: on)? ([0-9]{4}-[0-9]{2}-[0-9]{2})")
INTERVAL = re.compile(r"(?:(?P<interval>[0-9]{1,4}|other) )?(?P<unit>day|week|month|quarter)s?(?: on (?P<on>.+))?")
FORTNIGHT = re.compile(r"fortnight( on .+)?|fortnightly( on .+)?")
OTHER = re.compile(r"other (.+)")
NTH_BUSINESS = re.compile(
    r"(?:the )?(?P<nth>[a-z]+|[0-9]{1,2}(?:st|nd|rd|th)) (?:business|working|work) ?day"
    r"(?: (?:of|in) (?:the|each|every|a) (?P<unit>month|quarter))?"
)


class PhraseParts(NamedTuple):
    """Parts of a phrase: every `interval` `unit`s, on these days, at these times of day."""

    interval: int
    unit: str
    on: str
    times: str
    phrase: str


def to_recurrence(phrase: str, tz: str, after: datetime) -> Recurrence:
    """Return the recurrence of a phrase in `tz`. An interval counts from the first day at or after `after`.

    Raises BadInput.
    """
    words = re.sub(r"\s+", " ", phrase[: MAX_LENGTH + 1]).strip().lower()
    words = words.removeprefix("every ").removeprefix("each ")
    match = COUNTED_FROM.fullmatch(words)
    if match is None:
        return _parse(words, phrase, tz, after)
    recurrence = _parse(match[1], phrase, tz, _parse_day(match[2], phrase))
    if recurrence.rrule is None or ";INTERVAL=1;" in recurrence.rrule:
        hint = f"Leave out the day; use '--starts {match[2]}' for the start."
        raise BadInput(f"{quote(phrase)} has no interval to count.", hint=hint)
    return recurrence


def _parse(words: str, phrase: str, tz: str, start: datetime) -> Recurrence:
    parts = _split_phrase(words, phrase) if len(phrase) <= MAX_LENGTH else None
    if parts is None:
        return Recurrence(tz, cron=to_cron(phrase if len(phrase) > MAX_LENGTH else words))
    if nth := NTH_BUSINESS.fullmatch(parts.on):
        return Recurrence(tz, rrule=_build_rrule(_business_day_parts(parts, _parse_nth(nth["nth"], phrase)), start))
    return _from_cron(parts, tz, start)


def _split_phrase(words: str, phrase: str) -> PhraseParts | None:
    """Return the parts of a phrase with an interval, quarters or business days; None for all others."""
    days, _, clock = words.partition(" at ")
    if fortnight := FORTNIGHT.fullmatch(days):
        days = f"2 weeks{fortnight[1] or fortnight[2] or ''}"
    if nth := NTH_BUSINESS.fullmatch(days):
        return PhraseParts(1, nth["unit"] or "month", days, clock, phrase)
    match = INTERVAL.fullmatch(days)
    if match is None:
        other = OTHER.fullmatch(days)
        return PhraseParts(2, "week", other[1], clock, phrase) if other else None
    interval, unit = 2 if match["interval"] == "other" else int(match["interval"] or 1), match["unit"]
    if not 1 <= interval <= MAX_INTERVAL[unit]:
        raise BadInput(
            f"{quote(phrase)} has an interval of {interval} {unit}s.", hint=f"At most {MAX_INTERVAL[unit]} are allowed."
        )
    if (unit == "day") is (match["on"] is None):
        return PhraseParts(interval, unit, match["on"] or "day", clock, phrase)
    if unit != "day" and not (unit in ("week", "month") and interval == 1):  # to_cron parses "week on friday"
        raise _missing_day(unit, phrase)
    return None


def _missing_day(unit: str, phrase: str) -> BadInput:
    example = {"week": "2 weeks on friday at 16:00", "month": "3 months on the 1st at 8:00"}.get(unit)
    hint = f"Write it like '{example or 'quarter on the last friday at 16:30'}'."
    return BadInput(f"{quote(phrase)} needs a day.", hint=hint)


def _from_cron(parts: PhraseParts, tz: str, start: datetime) -> Recurrence:
    """Build the recurrence from the cron fields of the days and times. Without an interval it is a cron expression."""
    minute, hour, day, month, weekday = to_cron(f"{parts.on} at {parts.times}" if parts.times else parts.on).split()
    is_date = day != "*" or "#" in weekday or weekday.startswith("L")
    if parts.unit != "day" and is_date is (parts.unit == "week"):
        raise _missing_day(parts.unit, parts.phrase)
    if parts.unit == "quarter":
        is_last = "L" in (day, weekday[:1])
        return Recurrence(tz, cron=f"{minute} {hour} {day} {LAST_MONTHS if is_last else FIRST_MONTHS} {weekday}")
    if parts.interval == 1:
        return Recurrence(tz, cron=f"{minute} {hour} {day} {month} {weekday}")
    return Recurrence(
        tz,
        rrule=_build_rrule({**_interval_parts(parts), **_day_parts(day, weekday), **_time_parts(minute, hour)}, start),
    )


def _interval_parts(parts: PhraseParts) -> dict[str, str]:
    return {"DTSTART": FIXED_START, "FREQ": FREQUENCIES[parts.unit], "INTERVAL": str(parts.interval)}


def _day_parts(day: str, weekday: str) -> dict[str, str]:
    """Return cron's day fields as parts of a rule."""
    if day != "*":
        return {"BYMONTHDAY": "-1" if day == "L" else day}
    if weekday == "*":
        return {}
    if weekday.startswith("L"):
        return {"BYDAY": f"-1{DAYS[int(weekday[1:])]}"}
    name, _, nth = weekday.partition("#")
    return {"BYDAY": nth + DAYS[int(name)] if nth else ",".join(DAYS[n] for n in _parse_numbers(name))}


def _parse_numbers(field: str) -> list[int]:
    low, _, high = field.partition("-")
    numbers = range(int(low), int(high) + 1) if high else map(int, field.split(","))
    return sorted(numbers, key=lambda number: number or 7)


def _time_parts(minute: str, hour: str) -> dict[str, str]:
    return {"BYHOUR": hour, "BYMINUTE": minute, "BYSECOND": "0"}


def _business_day_parts(parts: PhraseParts, nth: int) -> dict[str, str]:
    """Return the rule parts of the nth business day. Each of its times has its own position in the month's set."""
    minute, hour, *_ = to_cron(f"day at {parts.times}" if parts.times else "day").split()
    count = len(minute.split(",")) * len(hour.split(","))
    positions = range(nth * count, (nth + 1) * count) if nth < 0 else range((nth - 1) * count + 1, nth * count + 1)
    months = {"BYMONTH": LAST_MONTHS if nth < 0 else FIRST_MONTHS} if parts.unit == "quarter" else {}
    if parts.unit not in ("month", "quarter"):
        raise _missing_day(parts.unit, parts.phrase)
    set_positions = {"BYSETPOS": ",".join(map(str, positions))}
    return {**_interval_parts(parts), **months, "BYDAY": BUSINESS, **_time_parts(minute, hour), **set_positions}


def _build_rrule(parts: Mapping[str, str], start: datetime) -> str:
    """Return the rule's text. An interval counts from the first matching day at or after `start`."""
    if parts["INTERVAL"] == "1":
        return format_rrule(parts)
    first = first_at_or_after(format_rrule({**parts, "INTERVAL": "1"}), start)
    return format_rrule({**parts, "DTSTART": datetime.combine(first, time()).strftime(STAMP)})


def _parse_nth(word: str, phrase: str) -> int:
    number = ORDINALS.get(word) or int(re.sub(r"\D", "", word) or 0)
    if not (number == -1 or 1 <= number <= MAX_BUSINESS_DAY):
        hint = f"Write 'last', 'first' or up to '{MAX_BUSINESS_DAY}th': every month has as many."
        raise BadInput(f"{quote(phrase)} has a business day that not every month has.", hint=hint)
    return number


def _parse_day(text: str, phrase: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        hint = "Write year, month, day: 'from 2026-12-04'."
        raise BadInput(f"{quote(phrase)} counts from a day that does not exist.", hint=hint) from None
