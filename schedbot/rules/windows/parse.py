"""How send windows and blackouts are read and written: `mon-fri 08:00-18:00`, `2026-12-24/2026-12-27`. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from schedbot.errors import BadInput
from schedbot.times import quote

LONGEST = 500
DAY = 1_440  # minutes
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMED = {"daily": "mon-sun", "weekdays": "mon-fri", "weekday": "mon-fri", "weekends": "sat-sun", "weekend": "sat-sun"}
WORD = "[a-z]{3,9}"
SPAN = re.compile(
    rf"(?:(?P<days>{WORD}(?:-{WORD})?(?:,{WORD}(?:-{WORD})?)*) )?"
    r"(?P<opens>[0-9]{1,2}:[0-9]{2})-(?P<closes>[0-9]{1,2}:[0-9]{2})(?:[,;] ?|$)"
)
ISO_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
BLACKOUT = re.compile(rf"({ISO_DAY})(?:/({ISO_DAY}))?")
EXAMPLE = "Write it like 'mon-fri 08:00-18:00', 'mon,wed 09:00-12:00; sat 10:00-12:00' or 'fri 22:00-02:00'."


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """Weekdays (Monday is 0), and minutes of the day from `opens` up to `closes`, which may be past midnight."""

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Window:
    """When it is open; `text` is its normal form. Without spans it is always open."""

    text: str
    spans: tuple[OpenInterval, ...]


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days on which nothing is posted, both included."""

    first: date
    last: date

    @property
    def text(self) -> str:
        """`2026-12-24/2026-12-27`; one day by itself."""
        return str(self.first) if self.first == self.last else f"{self.first}/{self.last}"


@lru_cache(maxsize=1_024)
def parse_window(text: str) -> Window:
    """The window that `text` says; empty is always open. Raises BadInput."""
    words = re.sub(r"\s*([,;-])\s*", r"\1", " ".join(text[: LONGEST + 1].lower().split()))
    spans, at = [], 0
    while at < len(words):
        found = SPAN.match(words, at)
        if not found or len(text) > LONGEST:
            raise BadInput(f"{quote(text)} is not a window of time.", hint=EXAMPLE)
        spans.append(_span(found, text))
        at = found.end()
    return Window("; ".join(map(_span_text, spans)), tuple(spans))


@lru_cache(maxsize=1_024)
def parse_blackouts(text: str) -> tuple[Blackout, ...]:
    """The blackouts that `text` says, in order of time. Raises BadInput."""
    words = [word for word in re.split(r"[,;\s]+", text[: LONGEST * 4]) if word]
    return tuple(sorted((_blackout(word) for word in words), key=lambda one: (one.first, one.last)))


def format_blackouts(blackouts: Sequence[Blackout]) -> str:
    """Their normal form."""
    return ", ".join(one.text for one in blackouts)


def _span(found: re.Match[str], text: str) -> OpenInterval:
    opens, closes = _minutes(found["opens"], text), _minutes(found["closes"], text)
    if opens in (closes, DAY):
        raise BadInput(f"{quote(text)} has a window that never opens.", hint="A whole day is '00:00-24:00'.")
    days = frozenset(day for part in (found["days"] or "daily").split(",") for day in _days(part, text))
    return OpenInterval(days, opens, closes if closes > opens else closes + DAY)


def _minutes(clock: str, text: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour * 60 + minute > DAY or minute > 59:
        raise BadInput(f"{quote(text)} has no such time of day: '{clock}'.", hint="Hours go from 00:00 to 24:00.")
    return hour * 60 + minute


def _days(part: str, text: str) -> Iterator[int]:
    first, _, last = NAMED.get(part, part).partition("-")
    low = _weekday(first, text)
    high = _weekday(last, text) if last else low
    return ((low + n) % 7 for n in range((high - low) % 7 + 1))


def _weekday(word: str, text: str) -> int:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    found = next((n for n, name in enumerate(full) if name.startswith(word.removesuffix("s") or "?")), None)
    if found is None:
        raise BadInput(f"{quote(text)} has no such day: '{word}'.", hint=f"Days are {', '.join(DAYS)}.")
    return found


def _span_text(span: OpenInterval) -> str:
    closes = span.closes if span.closes <= DAY else span.closes - DAY
    clock = "-".join(f"{at // 60:02}:{at % 60:02}" for at in (span.opens, closes))
    return clock if len(span.days) == 7 else f"{_days_text(sorted(span.days))} {clock}"


def _days_text(days: Sequence[int]) -> str:
    if len(days) > 1 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ",".join(DAYS[day] for day in days)


def _blackout(word: str) -> Blackout:
    found = BLACKOUT.fullmatch(word)
    if found is None:
        hint = "Write days, the last one included: '2026-12-24/2026-12-27', or '2026-12-24'."
        raise BadInput(f"{quote(word)} is not a span of days.", hint=hint)
    try:
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2] or found[1])
    except ValueError:
        raise BadInput(f"{quote(word)} has no such day.", hint="Write year, month, day: '2026-12-24'.") from None
    if last < first or not 1970 <= first.year <= last.year < 2200:
        raise BadInput(f"{quote(word)} ends before it begins, or is out of reach.", hint="The earlier day is first.")
    return Blackout(first, last)
