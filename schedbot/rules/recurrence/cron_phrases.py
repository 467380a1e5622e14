"""Convert phrases for `--every` to cron, if cron can express them. `phrases.py` converts the others.

No maintained library parses such phrases, so the grammar is a small one: days, mostly with "at" and a time of day.
"""

import re
from collections.abc import Callable
from datetime import time
from difflib import get_close_matches

from schedbot.errors import BadInput
from schedbot.times import parse_time_of_day, quote

EXAMPLES = (
    "Examples: '15 minutes', 'hour', '2 hours'; with a time of day: 'day at 9:00', 'weekday at 9am', "
    "'monday and friday at 9:00', 'last friday at 16:30', 'month on the 1st at 8:00', 'last day of the month at "
    "17:00', '2 weeks on friday at 16:00', 'other monday at 9am', 'last business day at 9:00'."
)
MAX_LENGTH = 200
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
GROUPS = {"day": "*", "weekday": "1-5", "working day": "1-5", "weekend": "0,6"}
ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
SEPARATOR = re.compile(r" ?, ?and | ?, ?| and | ?& ?")
OF_THE_MONTH = r"(?: (?:of|in) (?:the|each|every|a) month)?"
INTERVAL = re.compile(r"(?:([0-9]{1,4}) )?(minute|hour)s?")
NTH = re.compile(rf"(?:the )?([a-z0-9]+) ([a-z]+){OF_THE_MONTH}")
DATES = re.compile(rf"(?:month on )?(.*?){OF_THE_MONTH}")
DATE = re.compile(r"(?:the )?([0-9]{1,2})(?:st|nd|rd|th)?")
LAST_DAY = re.compile(rf"(?:month on )?(?:the )?last day{OF_THE_MONTH}")
WORD = re.compile(r"[a-z]{3,}")
KNOWN_WORDS = (
    *WEEKDAYS, "every", "each", "other", "first", "second", "third", "fourth", "fifth", "last", "minute", "hour", "day",
    "daily", "week", "weekday", "weekend", "fortnight", "fortnightly", "month", "quarter", "business", "working",
    "work", "workday", "noon", "midnight", "and", "the", "from", "to", "through", "starting", "since", "counted",
)  # fmt: skip


def to_cron(phrase: str) -> str:
    """Return the cron expression of a phrase: `weekday at 9:00` -> `0 9 * * 1-5`. Raises BadInput."""
    words = re.sub(r"\s+", " ", phrase[: MAX_LENGTH + 1]).strip().lower()
    days, at, clock = words.removeprefix("every ").removeprefix("each ").partition(" at ")
    if len(phrase) <= MAX_LENGTH:
        if not at and (interval := INTERVAL.fullmatch(days)):
            return _parse_interval(int(interval[1] or 1), interval[2], phrase)
        for parse_days in FORMS:
            if day_fields := parse_days(days):
                return f"{_parse_times(clock if at else None, phrase)} {day_fields}"
    raise _unknown_phrase(phrase, words)


def _unknown_phrase(phrase: str, words: str) -> BadInput:
    """Return the error for a phrase, with its first unknown word and the most similar known word."""
    unknown = next((word for word in WORD.findall(words) if not _is_known(word)), None)
    if unknown is None or len(phrase) > MAX_LENGTH:
        return BadInput(f"{quote(phrase)} is not a known phrase for --every.", hint=EXAMPLES)
    similar = get_close_matches(unknown, KNOWN_WORDS, n=1, cutoff=0.8)
    return BadInput(
        f"Unknown word '{unknown}' in {quote(phrase)}.", hint=f"Did you mean '{similar[0]}'?" if similar else EXAMPLES
    )


def _is_known(word: str) -> bool:
    return word in KNOWN_WORDS or word.removesuffix("s") in KNOWN_WORDS or _weekday_number(word) is not None


def _parse_interval(count: int, unit: str, phrase: str) -> str:
    """Return the expression of `15 minutes`: it must divide the hour or the day, because cron restarts with each."""
    if unit == "minute" and count % 60 == 0 < count:
        count, unit = count // 60, "hour"
    whole, name = (60, "hour") if unit == "minute" else (24, "day")
    if count == 0 or whole % count or count == whole:
        divisors = ", ".join(str(n) for n in range(1, whole) if whole % n == 0)
        raise BadInput(f"{quote(phrase)} does not divide the {name} evenly.", hint=f"Use one of {divisors}.")
    step = "*" if count == 1 else f"*/{count}"
    return f"{step} * * * *" if unit == "minute" else f"0 {step} * * *"


def _parse_times(words: str | None, phrase: str) -> str:
    """Return minute and hour of `9:00 and 17:00`: `0 9,17`. Several times must share their minutes or their hours."""
    if words is None:
        raise BadInput(f"{quote(phrase)} has no time of day.", hint="Add one, such as 'at 9:00'.")
    clocks = [parse_time_of_day(word) for word in SEPARATOR.split(words)]
    times = sorted({clock for clock in clocks if clock is not None})
    if None in clocks or not times:
        raise BadInput(f"{quote(phrase)} has an invalid time of day.", hint="Write it like '9:00', '17:30' or '9am'.")
    hours, minutes = _distinct_values(times, "hour"), _distinct_values(times, "minute")
    if len(hours) * len(minutes) != len(times):
        hint = "Add several schedules, one for each minute of the hour."
        raise BadInput(f"{quote(phrase)} has times that do not fit in one schedule.", hint=hint)
    return f"{_join_numbers(minutes)} {_join_numbers(hours)}"


def _distinct_values(times: list[time], part: str) -> list[int]:
    return sorted({getattr(clock, part) for clock in times})


def _join_numbers(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


def _parse_day_group(days: str) -> str | None:
    """Parse `day`, `daily`, `weekday`, `weekend`."""
    group = GROUPS.get("day" if days == "daily" else days.removesuffix("s"))
    return group and f"* * {group}"


def _parse_weekdays(days: str) -> str | None:
    """Parse `monday`, `mon, wed and fri`, `monday to thursday`."""
    first, to, last = re.sub(r" ?- ?| through ", " to ", days).partition(" to ")
    if to:
        low, high = _weekday_number(first), _weekday_number(last)
        if low is None or high is None:
            return None
        numbers = [(low + n) % 7 for n in range((high - low) % 7 + 1)]
        return f"* * {low}-{high}" if low < high else f"* * {_join_numbers(sorted(numbers))}"
    weekdays = [_weekday_number(word) for word in SEPARATOR.split(days)]
    return None if None in weekdays else f"* * {_join_numbers(sorted({n for n in weekdays if n is not None}))}"


def _weekday_number(word: str) -> int | None:
    name = word.strip().removesuffix("s") if len(word.strip()) > 4 else word.strip()
    return next((n for n, day in enumerate(WEEKDAYS) if len(name) >= 3 and day.startswith(name)), None)


def _parse_nth_weekday(days: str) -> str | None:
    """Parse `last friday`, `first monday of the month`."""
    match = NTH.fullmatch(days)
    weekday = _weekday_number(match[2]) if match else None
    if not match or weekday is None:
        return None
    if match[1] == "last":
        return f"* * L{weekday}"
    return f"* * {weekday}#{ORDINALS[match[1]]}" if match[1] in ORDINALS else None


def _parse_dates(days: str) -> str | None:
    """Parse `month on the 1st and 15th`, `1st of the month`. A bare number is not a date."""
    match = DATES.fullmatch(days)
    dates = [DATE.fullmatch(word) for word in SEPARATOR.split(match[1])] if match else []
    numbers = sorted({int(date[1]) for date in dates if date})
    if days.isdigit() or None in dates or not numbers or not 1 <= numbers[0] <= numbers[-1] <= 31:
        return None
    return f"{_join_numbers(numbers)} * *"


def _parse_last_day(days: str) -> str | None:
    """Parse `last day of the month`, `month on the last day`."""
    return "L * *" if LAST_DAY.fullmatch(days) else None


FORMS: tuple[Callable[[str], str | None], ...] = (
    _parse_day_group,
    _parse_weekdays,
    _parse_nth_weekday,
    _parse_dates,
    _parse_last_day,
)
