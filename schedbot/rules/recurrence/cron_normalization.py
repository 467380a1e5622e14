"""Validate cron expressions and bring them into a normal form.

Allowed are five fields of lists, ranges and steps, names, Debian's macros, `L` (the last day), `1#2` (the second
Monday) and `L5` (the last Friday). croniter accepts more, and reads some of it differently from cron (`9-9` as every
hour, `R` as a random minute, six fields as seconds), so each field is checked before croniter parses it. Every other
input raises BadInput.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from schedbot.errors import BadInput
from schedbot.times import quote

MAX_LENGTH = 200
MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronField(NamedTuple):
    """Name and bounds of a cron field, and the names for its numbers from the lower bound on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


MINUTE, HOUR, DAY, MONTH, WEEKDAY = FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of the month", 1, 31),
    CronField("month", 1, 12, MONTHS),
    CronField("day of the week", 0, 7, WEEKDAYS),
)
VALUE = r"[0-9]{1,4}|[A-Za-z]{3}"
TERM = re.compile(rf"(?:(?P<star>\*)|(?P<low>{VALUE})(?:-(?P<high>{VALUE}))?)(?:/(?P<step>[0-9]{{1,4}}))?")
NTH = re.compile(rf"(?P<day>{VALUE})#(?P<nth>-1|[0-9]|[Ll])|[Ll](?P<last>{VALUE})|(?P<quartz>[0-7])[Ll]")


@lru_cache(maxsize=16_384)
def normalize(expression: str) -> str:
    """Return the expression with single spaces, macros expanded and no leading zeros. Raises BadInput."""
    words = expression.split()
    if not words:
        raise BadInput("The cron expression is empty.", hint="Write five fields, such as '0 9 * * mon,fri'.")
    if len(expression) > MAX_LENGTH:
        problem = f"The cron expression has {len(expression):,} characters: '{expression[:20]}...'."
        raise BadInput(problem, hint=f"At most {MAX_LENGTH} are allowed.")
    if words[0].startswith("@"):
        return _expand_macro(expression, words)
    if len(words) != len(FIELDS):
        raise BadInput(f"{quote(expression)} has {_count_fields(len(words))}, not 5.", hint=_count_hint(words))
    return " ".join(_normalize_field(word, field, expression) for word, field in zip(words, FIELDS, strict=True))


def _expand_macro(expression: str, words: list[str]) -> str:
    macro = MACROS.get(words[0].lower()) if len(words) == 1 else None
    if macro is None:
        hint = f"Known macros: {', '.join(MACROS)}."
        if words[0].lower() == "@reboot":
            hint = "A schedule follows the clock, not the start of the machine. " + hint
        raise BadInput(f"{quote(expression)} is not a known macro.", hint=hint)
    return macro


def _count_fields(count: int) -> str:
    return f"{count} field" if count == 1 else f"{count} fields"


def _count_hint(words: list[str]) -> str:
    if len(words) == 6:
        return "Seconds and years are not supported: minute, hour, day of the month, month, day of the week."
    return "Minute, hour, day of the month, month, day of the week: '0 9 * * mon,fri'. Quote it for the shell."


def _normalize_field(word: str, field: CronField, expression: str) -> str:
    terms = word.split(",")
    if field is WEEKDAY and any("#" in t or "l" in t.lower() for t in terms):
        return ",".join(_normalize_nth(term, expression) for term in terms)
    return ",".join(_normalize_term(term, field, expression) for term in terms)


def _normalize_nth(term: str, expression: str) -> str:
    """Return the normal form of `1#2` or `L5`; `5#-1`, `5#L` and `5L` mean `L5`."""
    match = NTH.fullmatch(term)
    if match is None:
        hint = "'1#2' is the second Monday, 'L5' the last Friday; they cannot be combined with other days in one list."
        raise _bad_term(term, WEEKDAY, expression, hint)
    day = match["day"] or match["last"] or match["quartz"]
    number = _parse_number(day, WEEKDAY, expression)
    if match["nth"] is None or match["nth"] in ("-1", "l", "L"):
        return f"L{number % 7}"
    if not 1 <= int(match["nth"]) <= 5:
        raise _bad_term(term, WEEKDAY, expression, "A month has the first to the fifth of a weekday: '1#1' to '1#5'.")
    return f"{day if day.isalpha() else number}#{match['nth']}"


def _normalize_term(term: str, field: CronField, expression: str) -> str:
    if field is DAY and term in ("L", "l"):
        return term
    match = TERM.fullmatch(term)
    if match is None:
        raise _bad_term(term, field, expression, _invalid_term_hint(term, field))
    step = "" if match["step"] is None else f"/{_parse_step(term, match['step'], field, expression)}"
    if match["star"]:
        return f"*{step}"
    low = _parse_number(match["low"], field, expression)
    low_word = match["low"] if match["low"].isalpha() else str(low)
    if match["high"] is None:
        if step:
            hint = f"Add its end: '{low_word}-{_highest(field)}{step}'."
            raise _bad_term(term, field, expression, hint)
        return low_word
    high = _parse_number(match["high"], field, expression)
    if low > high:
        raise _bad_term(
            term, field, expression, f"A range does not wrap around: write '{_unwrapped(low, high, step, field)}'."
        )
    if low == high:
        return low_word
    return f"{low_word}-{match['high'] if match['high'].isalpha() else high}{step}"


def _parse_step(term: str, step: str, field: CronField, expression: str) -> int:
    if int(step) == 0:
        raise _bad_term(term, field, expression, "A step is 1 or more.")
    return int(step)


def _parse_number(word: str, field: CronField, expression: str) -> int:
    if word.lower() in field.names:
        return field.names.index(word.lower()) + field.low
    if not word.isdigit() or not field.low <= int(word) <= field.high:
        raise _bad_term(word, field, expression, _range_hint(field))
    return int(word)


def _highest(field: CronField) -> int:
    return 6 if field is WEEKDAY else field.high


def _unwrapped(low: int, high: int, step: str, field: CronField) -> str:
    """Return a range that wraps around as two ranges that do not; with a step, as a list."""
    if step:
        whole = [*range(low, _highest(field) + 1), *range(field.low, high + 1)]
        return ",".join(str(n) for n in whole[:: int(step[1:])])
    return f"{_range(low, _highest(field))},{_range(field.low, high)}"


def _range(low: int, high: int) -> str:
    return str(low) if low >= high else f"{low}-{high}"


def _range_hint(field: CronField) -> str:
    names = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"The {field.name} goes from {field.low} to {field.high}{names}."


def _invalid_term_hint(term: str, field: CronField) -> str:
    if term == "?":
        return "Write '*' for any."
    if re.fullmatch(r"[RrHh](\(.*\))?(/.*)?", term):
        return "Random times are not supported: give a number, such as '17'."
    if re.fullmatch(r"[0-9]+[Ww]|[Ll]?[Ww][0-9]*", term):
        return "The nearest working day is not supported. 'L' is the month's last day, 'L5' its last Friday."
    return _range_hint(field)


def _bad_term(term: str, field: CronField, expression: str, hint: str) -> BadInput:
    return BadInput(f"{quote(term)} is not valid as the {field.name} in {quote(expression)}.", hint=hint)
