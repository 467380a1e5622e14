"""What people say, turned into cron, as far as cron can say it; `rhythm_phrase` has the rest.

No kept-up library reads such phrases, so the grammar is small and its own: a rhythm, and mostly "at" a time of day.
"""

import re
from collections.abc import Callable
from datetime import time

from schedbot.errors import BadInput
from schedbot.times import parse_time_of_day, quote

UNDERSTOOD = (
    "Understood are '15 minutes', 'hour', '2 hours', and with a time of day: 'day at 9:00', 'weekday at 9am', "
    "'monday and friday at 9:00', 'last friday at 16:30', 'month on the 1st at 8:00', 'last day of the month at "
    "17:00', '2 weeks on friday at 16:00', 'other monday at 9am', 'last business day at 9:00'."
)
LONGEST = 200
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
GROUPS = {"day": "*", "weekday": "1-5", "working day": "1-5", "weekend": "0,6"}
NUMBERS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
AND = re.compile(r" ?, ?and | ?, ?| and | ?& ?")
OF_THE_MONTH = r"(?: (?:of|in) (?:the|each|every|a) month)?"
STEADY = re.compile(r"(?:([0-9]{1,4}) )?(minute|hour)s?")
NTH = re.compile(rf"(?:the )?([a-z0-9]+) ([a-z]+){OF_THE_MONTH}")
DATES = re.compile(rf"(?:month on )?(.*?){OF_THE_MONTH}")
DATE = re.compile(r"(?:the )?([0-9]{1,2})(?:st|nd|rd|th)?")
LAST_DAY = re.compile(rf"(?:month on )?(?:the )?last day{OF_THE_MONTH}")


def to_cron(phrase: str) -> str:
    """`weekday at 9:00` -> `0 9 * * 1-5`. Raises BadInput with what is understood."""
    words = re.sub(r"\s+", " ", phrase[: LONGEST + 1]).strip().lower()
    rhythm, at, clock = words.removeprefix("every ").removeprefix("each ").partition(" at ")
    if len(phrase) <= LONGEST:
        if not at and (steady := STEADY.fullmatch(rhythm)):
            return _steady(int(steady[1] or 1), steady[2], phrase)
        for form in FORMS:
            if days := form(rhythm):
                return f"{_clock(clock if at else None, phrase)} {days}"
    raise BadInput(f"{quote(phrase)} is not a rhythm that is understood.", hint=UNDERSTOOD)


def _steady(count: int, unit: str, phrase: str) -> str:
    """A rhythm without a time of day: it must divide the hour or the day, because cron starts anew with each."""
    if unit == "minute" and count % 60 == 0 < count:
        count, unit = count // 60, "hour"
    whole, name = (60, "hour") if unit == "minute" else (24, "day")
    if count == 0 or whole % count or count == whole:
        fitting = ", ".join(str(n) for n in range(1, whole) if whole % n == 0)
        raise BadInput(f"{quote(phrase)} does not divide the {name} evenly.", hint=f"Numbers that do: {fitting}.")
    step = "*" if count == 1 else f"*/{count}"
    return f"{step} * * * *" if unit == "minute" else f"0 {step} * * *"


def _clock(words: str | None, phrase: str) -> str:
    """`9:00 and 17:00` -> `0 9,17`: several times in one expression share their minute or their hour."""
    if words is None:
        raise BadInput(f"{quote(phrase)} says no time of day.", hint="Add one, such as 'at 9:00'.")
    clocks = [parse_time_of_day(word) for word in AND.split(words)]
    times = sorted({clock for clock in clocks if clock is not None})
    if None in clocks or not times:
        raise BadInput(f"{quote(phrase)} has no such time of day.", hint="Write it like '9:00', '17:30' or '9am'.")
    hours, minutes = _distinct(times, "hour"), _distinct(times, "minute")
    if len(hours) * len(minutes) != len(times):
        hint = "Make it several schedules, one for each minute of the hour."
        raise BadInput(f"{quote(phrase)} has times that one expression can't say.", hint=hint)
    return f"{_list(minutes)} {_list(hours)}"


def _distinct(times: list[time], part: str) -> list[int]:
    return sorted({getattr(clock, part) for clock in times})


def _list(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


def _group(rhythm: str) -> str | None:
    """`day`, `weekday`; `daily` too."""
    group = GROUPS.get("day" if rhythm == "daily" else rhythm.removesuffix("s"))
    return group and f"* * {group}"


def _weekdays(rhythm: str) -> str | None:
    """`monday`, `mon, wed and fri`, `monday to thursday`."""
    first, to, last = re.sub(r" ?- ?| through ", " to ", rhythm).partition(" to ")
    if to:
        low, high = _weekday(first), _weekday(last)
        if low is None or high is None:
            return None
        days = [(low + n) % 7 for n in range((high - low) % 7 + 1)]
        return f"* * {low}-{high}" if low < high else f"* * {_list(sorted(days))}"
    found = [_weekday(word) for word in AND.split(rhythm)]
    return None if None in found else f"* * {_list(sorted({n for n in found if n is not None}))}"


def _weekday(word: str) -> int | None:
    name = word.strip().removesuffix("s") if len(word.strip()) > 4 else word.strip()
    return next((n for n, day in enumerate(WEEKDAYS) if len(name) >= 3 and day.startswith(name)), None)


def _nth(rhythm: str) -> str | None:
    """`last friday`, `first monday of the month`."""
    found = NTH.fullmatch(rhythm)
    weekday = _weekday(found[2]) if found else None
    if not found or weekday is None:
        return None
    if found[1] == "last":
        return f"* * L{weekday}"
    return f"* * {weekday}#{NUMBERS[found[1]]}" if found[1] in NUMBERS else None


def _dates(rhythm: str) -> str | None:
    """`month on the 1st and 15th`, `1st of the month`; a bare number is not a date."""
    found = DATES.fullmatch(rhythm)
    dates = [DATE.fullmatch(word) for word in AND.split(found[1])] if found else []
    numbers = sorted({int(date[1]) for date in dates if date})
    if rhythm.isdigit() or None in dates or not numbers or not 1 <= numbers[0] <= numbers[-1] <= 31:
        return None
    return f"{_list(numbers)} * *"


def _last_day(rhythm: str) -> str | None:
    """`last day of the month`, `month on the last day`."""
    return "L * *" if LAST_DAY.fullmatch(rhythm) else None


FORMS: tuple[Callable[[str], str | None], ...] = (_group, _weekdays, _nth, _dates, _last_day)
