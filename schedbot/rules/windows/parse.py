"""Parse and format send windows and blackout dates: `mon-fri 08:00-18:00`, `2026-12-24/2026-12-27`. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from schedbot.errors import BadInput
from schedbot.times import quote

MAX_LENGTH = 500
DAY = 1_440  # minutes
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_GROUPS = {
    "daily": "mon-sun",
    "weekdays": "mon-fri",
    "weekday": "mon-fri",
    "weekends": "sat-sun",
    "weekend": "sat-sun",
}
WORD = "[a-z]{3,9}"
OPEN_HOURS = re.compile(
    rf"(?:(?P<days>{WORD}(?:-{WORD})?(?:,{WORD}(?:-{WORD})?)*) )?"
    r"(?P<opens>[0-9]{1,2}:[0-9]{2})-(?P<closes>[0-9]{1,2}:[0-9]{2})(?:[,;] ?|$)"
)
ISO_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
BLACKOUT = re.compile(rf"({ISO_DAY})(?:/({ISO_DAY}))?")
EXAMPLE = "Write it like 'mon-fri 08:00-18:00', 'mon,wed 09:00-12:00; sat 10:00-12:00' or 'fri 22:00-02:00'."


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Open hours on some weekdays (Monday is 0), in minutes of the day. `closes` may be past midnight (over 1440)."""

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Window:
    """Send window; `text` is its normal form. Without open hours it is always open."""

    text: str
    open_hours: tuple[OpenHours, ...]


@dataclass(frozen=True, slots=True)
class Blackout:
    """First and last day of a period without posts."""

    first: date
    last: date

    @property
    def text(self) -> str:
        """Normal form: `2026-12-24/2026-12-27`, or a single day."""
        return str(self.first) if self.first == self.last else f"{self.first}/{self.last}"


@lru_cache(maxsize=1_024)
def parse_window(text: str) -> Window:
    """Return the window of a text; an empty text is always open. Raises BadInput."""
    words = re.sub(r" ?([,;-]) ?", r"\1", " ".join(text[: MAX_LENGTH + 1].lower().split()))
    open_hours, at = [], 0
    while at < len(words):
        match = OPEN_HOURS.match(words, at)
        if not match or len(text) > MAX_LENGTH:
            raise BadInput(f"{quote(text)} is not a send window.", hint=EXAMPLE)
        open_hours.append(_parse_open_hours(match, text))
        at = match.end()
    return Window("; ".join(map(_format_open_hours, open_hours)), tuple(open_hours))


@lru_cache(maxsize=1_024)
def parse_blackouts(text: str) -> tuple[Blackout, ...]:
    """Return the blackouts of a text, sorted. Raises BadInput."""
    words = [word for word in re.split(r"[,;\s]+", text[: MAX_LENGTH * 4]) if word]
    return tuple(
        sorted((_parse_blackout(word) for word in words), key=lambda blackout: (blackout.first, blackout.last))
    )


def format_blackouts(blackouts: Sequence[Blackout]) -> str:
    """Return the normal form of blackouts."""
    return ", ".join(blackout.text for blackout in blackouts)


def _parse_open_hours(match: re.Match[str], text: str) -> OpenHours:
    opens, closes = _parse_minutes(match["opens"], text), _parse_minutes(match["closes"], text)
    if opens in (closes, DAY):
        raise BadInput(f"{quote(text)} has a window that never opens.", hint="Write a whole day as '00:00-24:00'.")
    days = frozenset(day for part in (match["days"] or "daily").split(",") for day in _parse_days(part, text))
    return OpenHours(days, opens, closes if closes > opens else closes + DAY)


def _parse_minutes(clock: str, text: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour * 60 + minute > DAY or minute > 59:
        raise BadInput(f"{quote(text)} has no such time of day: '{clock}'.", hint="Hours go from 00:00 to 24:00.")
    return hour * 60 + minute


def _parse_days(part: str, text: str) -> Iterator[int]:
    first, _, last = DAY_GROUPS.get(part, part).partition("-")
    low = _parse_weekday(first, text)
    high = _parse_weekday(last, text) if last else low
    return ((low + n) % 7 for n in range((high - low) % 7 + 1))


def _parse_weekday(word: str, text: str) -> int:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    number = next((n for n, name in enumerate(full) if name.startswith(word.removesuffix("s") or "?")), None)
    if number is None:
        raise BadInput(f"{quote(text)} has no such day: '{word}'.", hint=f"Days are {', '.join(DAYS)}.")
    return number


def _format_open_hours(hours: OpenHours) -> str:
    closes = hours.closes if hours.closes <= DAY else hours.closes - DAY
    clock = "-".join(f"{at // 60:02}:{at % 60:02}" for at in (hours.opens, closes))
    return clock if len(hours.days) == 7 else f"{_format_days(sorted(hours.days))} {clock}"


def _format_days(days: Sequence[int]) -> str:
    if len(days) > 1 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ",".join(DAYS[day] for day in days)


def _parse_blackout(word: str) -> Blackout:
    match = BLACKOUT.fullmatch(word)
    if match is None:
        hint = "Write the first and the last day: '2026-12-24/2026-12-27', or one day: '2026-12-24'."
        raise BadInput(f"{quote(word)} is not a blackout date.", hint=hint)
    try:
        first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2] or match[1])
    except ValueError:
        raise BadInput(f"{quote(word)} has no such day.", hint="Write year, month, day: '2026-12-24'.") from None
    if last < first or not 1970 <= first.year <= last.year < 2200:
        raise BadInput(
            f"{quote(word)} ends before it begins, or is out of range.",
            hint="Write the earlier day first; years go from 1970 to 2199.",
        )
    return Blackout(first, last)
