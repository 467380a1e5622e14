"""`--every PHRASE` whole: cron where cron can say it, else a rule of RFC 5545.

A rhythm of several days, weeks or months is counted from a day: the one that is said (`from 2026-12-04`), else the
first that fits at or after a given wall-clock time. Business days are Monday to Friday.
"""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import NamedTuple

from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules.recurrence.cron_phrases import LONGEST, to_cron
from schedbot.rules.recurrence.rrule import STAMP, first_from, text_of
from schedbot.times import quote

NO_START = "19700101T000000"  # where it changes nothing, so that schedules share one rule
DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
BUSINESS = "MO,TU,WE,TH,FR"
MOST_BUSINESS_DAYS = 20  # every month has as many
FREQUENCIES = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "quarter": "MONTHLY"}
LONGEST_STEP = {"day": 366, "week": 52, "month": 24, "quarter": 1}
FIRST_MONTHS, LAST_MONTHS = "1,4,7,10", "3,6,9,12"
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
SINCE = re.compile(r"(.*?),? (?:counted )?(?:from|starting|since)(?: on)? ([0-9]{4}-[0-9]{2}-[0-9]{2})")
STEPPED = re.compile(r"(?:(?P<step>[0-9]{1,4}|other) )?(?P<unit>day|week|month|quarter)s?(?: on (?P<on>.+))?")
FORTNIGHT = re.compile(r"fortnight( on .+)?|fortnightly( on .+)?")
OTHER = re.compile(r"other (.+)")
NTH_BUSINESS = re.compile(
    r"(?:the )?(?P<nth>[a-z]+|[0-9]{1,2}(?:st|nd|rd|th)) (?:business|working|work) ?day"
    r"(?: (?:of|in) (?:the|each|every|a) (?P<unit>month|quarter))?"
)


class Said(NamedTuple):
    """A phrase in its pieces: every `step` `unit`s, on these days, at these times of day."""

    step: int
    unit: str
    on: str
    clock: str
    phrase: str


def to_recurrence(phrase: str, tz: str, after: datetime) -> Recurrence:
    """When `phrase` is due in `tz`, counted from `after` where it has to be counted. Raises BadInput."""
    words = re.sub(r"\s+", " ", phrase[: LONGEST + 1]).strip().lower()
    words = words.removeprefix("every ").removeprefix("each ")
    since = SINCE.fullmatch(words)
    found = _read(since[1], phrase, tz, _day(since[2], phrase)) if since else _read(words, phrase, tz, after)
    if since and (found.rrule is None or ";INTERVAL=1;" in found.rrule):
        hint = f"Leave the day out; '--starts {since[2]}' says when it begins."
        raise BadInput(f"{quote(phrase)} has nothing to be counted.", hint=hint)
    return found


def _read(words: str, phrase: str, tz: str, start: datetime) -> Recurrence:
    said = _pieces(words, phrase) if len(phrase) <= LONGEST else None
    if said is None:
        return Recurrence(tz, cron=to_cron(phrase if len(phrase) > LONGEST else words))
    if nth := NTH_BUSINESS.fullmatch(said.on):
        return Recurrence(tz, rrule=_counted(_business(said, _nth(nth["nth"], phrase)), start))
    return _by_cron(said, tz, start)


def _pieces(words: str, phrase: str) -> Said | None:
    """The pieces of a phrase that counts or says quarters or business days; None for all others."""
    rhythm, _, clock = words.partition(" at ")
    if fortnight := FORTNIGHT.fullmatch(rhythm):
        rhythm = f"2 weeks{fortnight[1] or fortnight[2] or ''}"
    if nth := NTH_BUSINESS.fullmatch(rhythm):
        return Said(1, nth["unit"] or "month", rhythm, clock, phrase)
    found = STEPPED.fullmatch(rhythm)
    if found is None:
        other = OTHER.fullmatch(rhythm)
        return Said(2, "week", other[1], clock, phrase) if other else None
    step, unit = 2 if found["step"] == "other" else int(found["step"] or 1), found["unit"]
    if not 1 <= step <= LONGEST_STEP[unit]:
        raise BadInput(f"{quote(phrase)} counts {step} {unit}s.", hint=f"At most {LONGEST_STEP[unit]} are taken.")
    if (unit == "day") is (found["on"] is None):
        return Said(step, unit, found["on"] or "day", clock, phrase)
    return _no_such_days(step, unit, phrase) if unit != "day" else None


def _no_such_days(step: int, unit: str, phrase: str) -> Said | None:
    if unit in ("week", "month") and step == 1:
        return None  # to_cron has the words for it
    example = {"week": "2 weeks on friday at 16:00", "month": "3 months on the 1st at 8:00"}.get(unit)
    hint = f"Say it like '{example or 'quarter on the last friday at 16:30'}'."
    raise BadInput(f"{quote(phrase)} does not say on which day.", hint=hint)


def _by_cron(said: Said, tz: str, start: datetime) -> Recurrence:
    """The days as cron has them; where there is nothing to count, cron says it all."""
    minute, hour, day, month, weekday = to_cron(f"{said.on} at {said.clock}" if said.clock else said.on).split()
    is_date = day != "*" or "#" in weekday or weekday.startswith("L")
    if said.unit != "day" and is_date is (said.unit == "week"):
        _no_such_days(2, said.unit, said.phrase)
    if said.unit == "quarter":
        is_last = "L" in (day, weekday[:1])
        return Recurrence(tz, cron=f"{minute} {hour} {day} {LAST_MONTHS if is_last else FIRST_MONTHS} {weekday}")
    if said.step == 1:
        return Recurrence(tz, cron=f"{minute} {hour} {day} {month} {weekday}")
    return Recurrence(tz, rrule=_counted({**_heading(said), **_days(day, weekday), **_clock(minute, hour)}, start))


def _heading(said: Said) -> dict[str, str]:
    return {"DTSTART": NO_START, "FREQ": FREQUENCIES[said.unit], "INTERVAL": str(said.step)}


def _days(day: str, weekday: str) -> dict[str, str]:
    """cron's day fields as parts of a rule."""
    if day != "*":
        return {"BYMONTHDAY": "-1" if day == "L" else day}
    if weekday == "*":
        return {}
    if weekday.startswith("L"):
        return {"BYDAY": f"-1{DAYS[int(weekday[1:])]}"}
    name, _, nth = weekday.partition("#")
    return {"BYDAY": nth + DAYS[int(name)] if nth else ",".join(DAYS[n] for n in _numbers(name))}


def _numbers(field: str) -> list[int]:
    low, _, high = field.partition("-")
    found = range(int(low), int(high) + 1) if high else map(int, field.split(","))
    return sorted(found, key=lambda number: number or 7)


def _clock(minute: str, hour: str) -> dict[str, str]:
    return {"BYHOUR": hour, "BYMINUTE": minute, "BYSECOND": "0"}


def _business(said: Said, nth: int) -> dict[str, str]:
    """The nth business day: with several times of day, each of that day has a place of its own in the month's set."""
    minute, hour, *_ = to_cron(f"day at {said.clock}" if said.clock else "day").split()
    times = len(minute.split(",")) * len(hour.split(","))
    places = range(nth * times, (nth + 1) * times) if nth < 0 else range((nth - 1) * times + 1, nth * times + 1)
    months = {"BYMONTH": LAST_MONTHS if nth < 0 else FIRST_MONTHS} if said.unit == "quarter" else {}
    if said.unit not in ("month", "quarter"):
        _no_such_days(2, said.unit, said.phrase)
    places_said = ",".join(map(str, places))
    return {**_heading(said), **months, "BYDAY": BUSINESS, **_clock(minute, hour), "BYSETPOS": places_said}


def _counted(parts: Mapping[str, str], start: datetime) -> str:
    """The rule's text; one that counts more than one begins with the first day that fits."""
    if parts["INTERVAL"] == "1":
        return text_of(parts)
    first = first_from(text_of({**parts, "INTERVAL": "1"}), start)
    return text_of({**parts, "DTSTART": datetime.combine(first, time()).strftime(STAMP)})


def _nth(word: str, phrase: str) -> int:
    number = ORDINALS.get(word) or int(re.sub(r"\D", "", word) or 0)
    if not (number == -1 or 1 <= number <= MOST_BUSINESS_DAYS):
        hint = f"Say 'last', 'first' or up to '{MOST_BUSINESS_DAYS}th': every month has as many."
        raise BadInput(f"{quote(phrase)} names no business day that every month has.", hint=hint)
    return number


def _day(text: str, phrase: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        hint = "Write year, month, day: 'from 2026-12-04'."
        raise BadInput(f"{quote(phrase)} is counted from a day that is not there.", hint=hint) from None
