"""Parse instants: wall-clock times in a zone, RFC 3339, words for days, and durations from now.

A time without a day (`9am`) and a weekday are read forwards, the next one, except by `parse_past`: the last one.
A wall-clock time that does not exist (spring) or occurs twice (autumn) is refused; the error names both possible
instants. Instants are UTC milliseconds since the epoch. Pure: the present is an argument.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from schedbot.errors import BadInput
from schedbot.text_input import explains_spelling, quote
from schedbot.times.durations import DURATION, HOUR, MINUTE, SECOND, parse_duration
from schedbot.times.format import to_datetime, to_local_rfc3339

YEARS = range(1970, 2200)
TIMESTAMP = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)"
    r"(?:\.(?P<fraction>[0-9]{1,9}))? ?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))? ?(?P<half>am|pm)?", re.IGNORECASE)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS_AWAY = {"yesterday": -1, "today": 0, "tomorrow": 1}
EXAMPLES = "Write it like '2026-12-01 09:00', '2026-12-01T09:00:00-05:00'"


@explains_spelling
def parse_instant(text: str, tz: ZoneInfo | None, now: int) -> int:
    """Return the instant of `2026-12-01 09:00`, RFC 3339, `now`, `tomorrow 9am`, or `9am`: the next one.

    Raises BadInput for any other text, and for a wall-clock time that is ambiguous, missing or without a zone.
    """
    if (instant := _find_instant(text, tz, now)) is not None:
        return instant
    hint = f"{EXAMPLES} or 'tomorrow 9am'."
    if DATE.fullmatch(text.strip()):
        _parse_date(text, text.strip())
        hint = f"Add the time of day: '{text.strip()} 09:00'."
    raise BadInput(f"{quote(text)} is not a time.", hint=hint)


@explains_spelling
def parse_future(text: str, tz: ZoneInfo | None, now: int) -> int:
    """Return the instant of a `parse_instant` text, a day (its start) or a duration from now (`2h`, `-2h`).

    A weekday is today or the next one. Raises BadInput.
    """
    words = text.strip()
    if words.startswith("-") and DURATION.fullmatch(words[1:]):
        return now - parse_duration(words[1:])
    if DURATION.fullmatch(words):
        return now + parse_duration(words)
    return _parse_day_or_instant(text, tz, now)


@explains_spelling
def parse_future_end(text: str, tz: ZoneInfo | None, now: int) -> int:
    """Return the instant as `parse_future` does, except that a day is its last millisecond. Raises BadInput."""
    if (day := _find_day(text, tz, now, is_past=False)) is None:
        return parse_future(text, tz, now)
    return start_of_day(day + timedelta(days=1), _require_zone(text, tz)) - 1


@explains_spelling
def parse_past(text: str, tz: ZoneInfo | None, now: int) -> int:
    """Return the instant of a time in the past: `2h` is two hours ago, a day is its start.

    `monday`, `monday 9am` and `9am` are the last ones up to now. Raises BadInput.
    """
    words = text.strip().removesuffix("ago").strip().removeprefix("-")
    if DURATION.fullmatch(words):
        return now - parse_duration(words)
    return _parse_day_or_instant(text, tz, now, is_past=True)


@explains_spelling
def parse_past_end(text: str, tz: ZoneInfo | None, now: int) -> int:
    """Return the instant as `parse_past` does, except that a day is its last millisecond. Raises BadInput."""
    day = parse_past_day(text, tz, now)
    return day[1] if day else parse_past(text, tz, now)


@explains_spelling
def parse_past_day(text: str, tz: ZoneInfo | None, now: int) -> tuple[int, int] | None:
    """Return the first and the last millisecond of a day without a time (`monday`: the last one); None for others."""
    if (day := _find_day(text, tz, now, is_past=True)) is None:
        return None
    zone = _require_zone(text, tz)
    return start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone) - 1


def is_day(text: str) -> bool:
    """Is the text a day without a time: `2026-12-01`, `tomorrow`, `monday`?"""
    words = text.strip().lower()
    return bool(DATE.fullmatch(words)) or words in DAYS_AWAY or _find_weekday(words) is not None


def parse_time_of_day(text: str) -> time | None:
    """Return the time of `9:00`, `17:30`, `9am`, `12 pm`, `noon` or `midnight`; None for any other text."""
    words = text.strip().lower()
    if words in ("noon", "midnight"):
        return time(12 if words == "noon" else 0)
    match = CLOCK.fullmatch(words)
    if not match or not (match["minute"] or match["half"]):
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def wall_to_instant(wall: datetime, tz: ZoneInfo, text: str) -> int:
    """Return the only instant at which clocks in `tz` show `wall`. Raises BadInput, with `text`, for none or two."""
    first, second = (_ms(wall.replace(tzinfo=tz, fold=fold)) for fold in (0, 1))
    if first == second:
        return first
    twice = first < second
    problem = "occurs twice" if twice else "does not exist"
    instants = " or ".join(f"'{to_local_rfc3339(ms, tz)}'" for ms in sorted((first, second)))
    raise BadInput(f"{text} {problem} in {tz.key}: the clocks change.", hint=f"Write {instants}.")


def start_of_day(day: date, tz: tzinfo) -> int:
    """Return the first instant of the day in `tz`. In a few zones a day may begin at 01:00."""
    return first_instant(datetime.combine(day, time()), tz)


def first_instant(wall: datetime, tz: tzinfo) -> int:
    """Return the first instant at which clocks in `tz` show `wall`; the end of the gap if they never show it."""
    first, second = (_ms(wall.replace(tzinfo=tz, fold=fold)) for fold in (0, 1))
    if first <= second:
        return first
    low, high = second, first  # the gap ends between these, when the new offset begins
    while high - low > SECOND:
        middle = (low + high) // 2 // SECOND * SECOND
        is_after_gap = to_datetime(middle, tz).replace(tzinfo=None) >= wall
        low, high = (low, middle) if is_after_gap else (middle, high)
    return high


def _parse_day_or_instant(text: str, tz: ZoneInfo | None, now: int, is_past: bool = False) -> int:
    if (day := _find_day(text, tz, now, is_past)) is not None:
        return start_of_day(day, _require_zone(text, tz))
    if (instant := _find_instant(text, tz, now, is_past)) is not None:
        return instant
    raise BadInput(f"{quote(text)} is not a time.", hint=f"{EXAMPLES}, '2h', '9am', 'yesterday' or 'monday'.")


def _find_day(text: str, tz: ZoneInfo | None, now: int, is_past: bool) -> date | None:
    """Return the day of a text without a time; a weekday may be today."""
    if not is_day(text):
        return None
    words = text.strip().lower()
    if DATE.fullmatch(words):
        return _parse_date(text, words)
    today = to_datetime(now, _require_zone(text, tz)).date()
    if words in DAYS_AWAY:
        return today + timedelta(days=DAYS_AWAY[words])
    ahead = ((_find_weekday(words) or 0) - today.weekday()) % 7
    return today + timedelta(days=ahead - 7 if is_past and ahead else ahead)


def _find_instant(text: str, tz: ZoneInfo | None, now: int, is_past: bool = False) -> int | None:
    words = text.strip()
    if words.lower() == "now":
        return now
    if match := TIMESTAMP.fullmatch(words):
        return _parse_timestamp(text, match, tz)
    return _find_day_and_time(words, tz, now, is_past)


def _find_day_and_time(words: str, tz: ZoneInfo | None, now: int, is_past: bool) -> int | None:
    """Parse `tomorrow 9am`, `2026-12-01 noon`, and the next `9am` or `monday 17:30`; of the past, the last."""
    day_words, clock = _split_clock(words.lower().replace(" at ", " "))
    if clock is None or not (day_words == "" or is_day(day_words)):
        return None
    zone = _require_zone(words, tz)
    local = to_datetime(now, zone).replace(tzinfo=None)
    day = _find_day(day_words, zone, now, is_past) or local.date()
    if period := _repeats_after(day_words):
        at = datetime.combine(day, clock)
        if is_past and at > local:
            day -= timedelta(days=period)
        elif not is_past and at <= local:
            day += timedelta(days=period)
    return wall_to_instant(datetime.combine(day, clock), zone, quote(words))


def _split_clock(words: str) -> tuple[str, time | None]:
    """Return the words before a time of day, and the time: `monday 9:30 pm` is `monday` and 21:30."""
    if (clock := parse_time_of_day(words)) is not None:
        return "", clock
    day_word, _, clock_words = words.partition(" ")
    return day_word, parse_time_of_day(clock_words)


def _repeats_after(day_words: str) -> int:
    """Return the days after which the words mean another day: 1 without a day, 7 for a weekday, 0 for a date."""
    return 1 if day_words == "" else 7 if _find_weekday(day_words) is not None else 0


def _find_weekday(word: str) -> int | None:
    return next((n for n, name in enumerate(WEEKDAYS) if word in (name, name[:3])), None)


def _parse_timestamp(text: str, match: re.Match[str], tz: ZoneInfo | None) -> int:
    day = _parse_date(text, match["day"])
    try:
        clock = time.fromisoformat(match["time"].zfill(5) if len(match["time"]) < 6 else match["time"].zfill(8))
    except ValueError:
        raise BadInput(f"{quote(text)} has no such time of day.", hint="Hours go from 00 to 23.") from None
    milliseconds = int((match["fraction"] or "0").ljust(3, "0")[:3])
    wall = datetime.combine(day, clock)
    if match["offset"] is None:
        return wall_to_instant(wall, _require_zone(text, tz), quote(text)) + milliseconds
    return _ms(wall.replace(tzinfo=UTC)) - _offset_ms(text, match["offset"]) + milliseconds


def _offset_ms(text: str, offset: str) -> int:
    if offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        raise BadInput(f"{quote(text)} has no such offset.", hint="An offset is like '-05:00'.")
    return (hours * HOUR + minutes * MINUTE) * (-1 if offset[0] == "-" else 1)


def _parse_date(text: str, words: str) -> date:
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise BadInput(f"{quote(text)} has no such day.", hint="Write year, month, day: '2026-12-01'.") from None
    if day.year not in YEARS:
        raise BadInput(f"{quote(text)} is out of range.", hint=f"Years go from {YEARS[0]} to {YEARS[-1]}.")
    return day


def _require_zone(text: str, tz: ZoneInfo | None) -> ZoneInfo:
    if tz is None:
        hint = "Add --tz, or write the time with an offset: '2026-12-01T09:00:00-05:00'."
        raise BadInput(f"{quote(text)} needs a time zone.", hint=hint)
    return tz


def _ms(at: datetime) -> int:
    return round(at.timestamp()) * SECOND
