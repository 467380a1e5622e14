"""Which cron expressions are taken, and what is said of the others.

Five fields of lists, ranges and steps, names, Debian's macros, `L` (the last day), `1#2` (the second Monday), `L5`
(the last Friday). croniter reads more than that and some of it otherwise than cron does (`9-9` as every hour, `R` as
a random minute, six fields as seconds), so each field is checked here before it sees it. Whatever the input, the
answer is an expression or BadInput.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from schedbot.errors import BadInput
from schedbot.times import quote

LONGEST = 200
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


class Field(NamedTuple):
    """A field's name, its bounds as cron has them, and the names that stand for numbers from the lower bound on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


MINUTE, HOUR, DAY, MONTH, WEEKDAY = FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 0, 7, WEEKDAYS),
)
VALUE = r"[0-9]{1,4}|[A-Za-z]{3}"
TERM = re.compile(rf"(?:(?P<star>\*)|(?P<low>{VALUE})(?:-(?P<high>{VALUE}))?)(?:/(?P<step>[0-9]{{1,4}}))?")
NTH = re.compile(rf"(?P<day>{VALUE})#(?P<nth>-1|[0-9]|[Ll])|[Ll](?P<last>{VALUE})|(?P<quartz>[0-7])[Ll]")


@lru_cache(maxsize=16_384)
def normal_form(expression: str) -> str:
    """The expression with single spaces, macros as their fields and no leading zeros; BadInput if it isn't taken."""
    words = expression.split()
    if not words:
        raise BadInput("The cron expression is empty.", hint="Five fields, such as '0 9 * * mon,fri'.")
    if len(expression) > LONGEST:
        problem = f"The cron expression has {len(expression):,} characters: '{expression[:20]}...'."
        raise BadInput(problem, hint=f"At most {LONGEST} are taken.")
    if words[0].startswith("@"):
        return _macro(expression, words)
    if len(words) != len(FIELDS):
        raise BadInput(f"{quote(expression)} has {_fields(len(words))}, not 5.", hint=_count_hint(words))
    return " ".join(_field(word, field, expression) for word, field in zip(words, FIELDS, strict=True))


def _macro(expression: str, words: list[str]) -> str:
    macro = MACROS.get(words[0].lower()) if len(words) == 1 else None
    if macro is None:
        hint = f"Taken are {', '.join(MACROS)}."
        if words[0].lower() == "@reboot":
            hint = "A schedule goes by the clock, not by the machine's start. " + hint
        raise BadInput(f"{quote(expression)} is not an expression that schedbot knows.", hint=hint)
    return macro


def _fields(count: int) -> str:
    return f"{count} field" if count == 1 else f"{count} fields"


def _count_hint(words: list[str]) -> str:
    if len(words) == 6:
        return "Seconds and years are not taken: minute, hour, day of the month, month, day of the week."
    return "Minute, hour, day of the month, month, day of the week: '0 9 * * mon,fri'. Quote it for the shell."


def _field(word: str, field: Field, expression: str) -> str:
    terms = word.split(",")
    if field is WEEKDAY and any("#" in t or "l" in t.lower() for t in terms):
        return ",".join(_nth(term, expression) for term in terms)
    return ",".join(_term(term, field, expression) for term in terms)


def _nth(term: str, expression: str) -> str:
    """`1#2`, `L5`, and the spellings `5#-1`, `5#L`, `5L` of the latter."""
    found = NTH.fullmatch(term)
    if found is None:
        hint = "'1#2' is the second Monday, 'L5' the last Friday; beside them no other kind is taken in one list."
        raise _bad(term, WEEKDAY, expression, hint)
    day = found["day"] or found["last"] or found["quartz"]
    number = _number(day, WEEKDAY, expression)
    if found["nth"] is None or found["nth"] in ("-1", "l", "L"):
        return f"L{number % 7}"
    if not 1 <= int(found["nth"]) <= 5:
        raise _bad(term, WEEKDAY, expression, "A month has the first to the fifth of a weekday: '1#1' to '1#5'.")
    return f"{day if day.isalpha() else number}#{found['nth']}"


def _term(term: str, field: Field, expression: str) -> str:
    if field is DAY and term in ("L", "l"):
        return term
    found = TERM.fullmatch(term)
    if found is None:
        raise _bad(term, field, expression, _garbage_hint(term, field))
    step = "" if found["step"] is None else f"/{_step(term, found['step'], field, expression)}"
    if found["star"]:
        return f"*{step}"
    low = _number(found["low"], field, expression)
    low_word = found["low"] if found["low"].isalpha() else str(low)
    if found["high"] is None:
        if step:
            hint = f"Say where it ends: '{low_word}-{_highest(field)}{step}'."
            raise _bad(term, field, expression, hint)
        return low_word
    high = _number(found["high"], field, expression)
    if low > high:
        raise _bad(term, field, expression, f"A range does not wrap: say '{_unwrapped(low, high, step, field)}'.")
    if low == high:
        return low_word
    return f"{low_word}-{found['high'] if found['high'].isalpha() else high}{step}"


def _step(term: str, step: str, field: Field, expression: str) -> int:
    if int(step) == 0:
        raise _bad(term, field, expression, "A step is 1 or more.")
    return int(step)


def _number(word: str, field: Field, expression: str) -> int:
    if word.lower() in field.names:
        return field.names.index(word.lower()) + field.low
    if not word.isdigit() or not field.low <= int(word) <= field.high:
        raise _bad(word, field, expression, _range_hint(field))
    return int(word)


def _highest(field: Field) -> int:
    return 6 if field is WEEKDAY else field.high


def _unwrapped(low: int, high: int, step: str, field: Field) -> str:
    """What a range that wraps was meant to be, in ranges that do not; with a step, as a list."""
    if step:
        whole = [*range(low, _highest(field) + 1), *range(field.low, high + 1)]
        return ",".join(str(n) for n in whole[:: int(step[1:])])
    return f"{_range(low, _highest(field))},{_range(field.low, high)}"


def _range(low: int, high: int) -> str:
    return str(low) if low >= high else f"{low}-{high}"


def _range_hint(field: Field) -> str:
    names = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"The {field.name} goes from {field.low} to {field.high}{names}."


def _garbage_hint(term: str, field: Field) -> str:
    if term == "?":
        return "Write '*' where any will do."
    if re.fullmatch(r"[RrHh](\(.*\))?(/.*)?", term):
        return "A random time is not taken: name one, such as '17'."
    if re.fullmatch(r"[0-9]+[Ww]|[Ll]?[Ww][0-9]*", term):
        return "The nearest working day is not taken. 'L' is the month's last day, 'L5' its last Friday."
    return _range_hint(field)


def _bad(term: str, field: Field, expression: str, hint: str) -> BadInput:
    return BadInput(f"{quote(term)} is not taken as the {field.name} in {quote(expression)}.", hint=hint)
