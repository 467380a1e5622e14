"""One field of a schedule, from its text: what is typed after an option and what stands in a column are read alike.

Every reader takes text and returns what it means; `read` gives a wrong value the name of its column. Zones, cron
expressions, instants and reports are remembered, since an import says the same ones thousands of times.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from schedbot import reports, times
from schedbot.errors import BadInput, ReportFailed
from schedbot.model import Report
from schedbot.rules import recurrence, windows

Field = TypeVar("Field")
Choice = TypeVar("Choice", bound=StrEnum)

COLUMNS = (
    "name",
    "account",
    "workspace",
    "channel",
    "cron",
    "every",
    "at",
    "tz",
    "text",
    "report",
    "params",
    "starts",
    "until",
    "count",
    "misfire",
    "grace",
    "max_attempts",
    "priority",
    "on_unknown",
    "jitter",
    "skip_holidays",
    "paused",
    "holiday_policy",
    "window",
    "outside",
    "blackout",
)
NONE = ("", "none")
LONGEST_NAME = 200
MOST_OCCURRENCES = 100_000
MOST_ATTEMPTS = 20
LONGEST_SPAN_MS = 366 * 86_400_000
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
GLOB = re.compile(r"[*?\[\]]")
SPAN = re.compile(r"(?:[0-9]{1,12}[smhdw])+", re.IGNORECASE)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadField(BadInput):
    """A field's value is wrong; `column` names the field, as an import has it."""

    def __init__(self, column: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.column = column


def read(column: str, reader: Callable[[str], Field], text: str) -> Field:
    """What `text` means by `reader`. Raises BadField."""
    try:
        return reader(text)
    except BadField:
        raise
    except (BadInput, ReportFailed) as error:
        raise BadField(column, str(error), error.hint) from None


def name(text: str) -> str:
    """A name that can be typed out and does not look like a glob or an option."""
    shown = times.quote(text)
    if not text or len(text) > LONGEST_NAME:
        raise BadInput(f"A name of {len(text)} characters is not taken.", f"Give it 1 to {LONGEST_NAME}.")
    if not text.isprintable() or text != text.strip():
        raise BadInput(f"The name {shown} has blanks around it or characters that do not print.", "Leave them out.")
    if text.startswith("-") or GLOB.search(text):
        raise BadInput(f"The name {shown} looks like an option or a glob.", "Do without a '-' in front and '*?[]'.")
    return text


def account(text: str) -> str:
    """Whose schedule it is; may be empty."""
    if len(text) > LONGEST_NAME or (text and not text.isprintable()):
        raise BadInput(f"The account {times.quote(text)} is not taken.", f"Up to {LONGEST_NAME} printable characters.")
    return text


def reason(text: str) -> str:
    """Why something rests; may be empty. It is read in a line of a table."""
    if len(text) > LONGEST_NAME or (text and not text.isprintable()):
        raise BadInput(
            f"The reason {times.quote(text)} is not taken.", f"One line of up to {LONGEST_NAME} printable characters."
        )
    return text


def choice(kind: type[Choice], what: str) -> Callable[[str], Choice]:
    """A reader for one of a few words."""

    def one_of(text: str) -> Choice:
        known = [str(word) for word in kind]
        if text.lower() in known:
            return kind(text.lower())
        near = get_close_matches(text.lower(), known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Say {', '.join(known[:-1])} or {known[-1]}."
        raise BadInput(f"{times.quote(text)} is not a {what}.", hint)

    return one_of


def number(what: str, least: int, most: int) -> Callable[[str], int]:
    """A reader for a whole number from `least` to `most`."""

    def counted(text: str) -> int:
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and least <= int(digits) <= most):
            raise BadInput(f"{times.quote(text)} is not a {what}.", f"Say a whole number from {least} to {most:,}.")
        return int(digits)

    return counted


def span(text: str) -> int:
    """Milliseconds; 0s and up to a year."""
    span_ms = times.parse_duration(text)
    if span_ms > LONGEST_SPAN_MS:
        raise BadInput(f"{times.quote(text)} is too long a span.", "At most a year: '366d'.")
    return span_ms


def yes_or_no(text: str) -> bool:
    """`true` or `false`, as JSON and spreadsheets write them."""
    word = text.strip().lower()
    if word in ("true", "yes", "1"):
        return True
    if word in ("", "false", "no", "0"):
        return False
    raise BadInput(f"{times.quote(text)} is neither true nor false.", "Say true or false.")


@lru_cache(maxsize=4_096)
def cron(expression: str, tz: str) -> str:
    """The expression in its normal form."""
    return recurrence.check_cron(expression, tz)


@lru_cache(maxsize=4_096)
def instant(text: str, tz: str, now: int) -> int:
    """An instant: a wall clock in `tz`, RFC 3339, `tomorrow 9am`, or a span from now."""
    if SPAN.fullmatch(text.strip()):
        return now + times.parse_duration(text)
    return times.parse_instant(text, times.zone(tz), now)


@lru_cache(maxsize=4_096)
def beginning(text: str, tz: str, now: int) -> int:
    """As `instant`; a day is its first instant."""
    return times.parse_future(text, times.zone(tz), now) if DATE.fullmatch(text.strip()) else instant(text, tz, now)


@lru_cache(maxsize=4_096)
def end(text: str, tz: str, now: int) -> int:
    """As `instant`; a day is its last one, so that it is included."""
    if DATE.fullmatch(text.strip()):
        beginning(text, tz, now)  # refuses a day that is not there
        following = (date.fromisoformat(text.strip()) + timedelta(days=1)).isoformat()
        return beginning(following, tz, now) - 1
    return instant(text, tz, now)


def window(text: str) -> str:
    """A send window in its normal form."""
    return windows.parse_window(text).text


def blackout(text: str) -> str:
    """Spans of days in their normal form."""
    return windows.format_blackouts(windows.parse_blackouts(text))


def params(text: str) -> dict[str, Any]:
    """A report's parameters: a JSON object whose keys can be used in a template."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        problem = f"The parameters {times.quote(text)} are not a JSON object."
        raise BadInput(problem, """Write it like {"team": "EU"}.""")
    for key in found:
        param_key(key)
    return found


def param_key(key: str) -> str:
    """A parameter's name."""
    if not KEY.fullmatch(key):
        raise BadInput(f"The parameter {times.quote(key)} has no usable name.", "Letters, digits and '_'.")
    return key


def param(text: str) -> tuple[str, Any]:
    """`KEY=VALUE`, a text; `KEY:=JSON`, a value of JSON."""
    key, equals, value = text.partition("=")
    if not equals:
        raise BadField("params", f"{times.quote(text)} is not a parameter.", "Write KEY=VALUE, or KEY:=JSON.")
    as_json = key.endswith(":")
    read("params", param_key, key.removesuffix(":"))
    if not as_json:
        return key, value
    try:
        return key.removesuffix(":"), json.loads(value)
    except ValueError:
        problem = f"{times.quote(value)} is not JSON."
        raise BadField("params", problem, f"After ':=' comes JSON; for a text write {key[:-1]}=...") from None


def template(path: str) -> str:
    """The absolute path of a report's file, so that every process finds it."""
    return str(Path(path).expanduser().absolute())


def report(kind: str, source: str, given: Mapping[str, Any]) -> Report:
    """The report, tried out once. Raises ReportFailed or BadInput."""
    if not source.strip():
        raise BadInput("The text is empty: there is nothing to post.", "Say --text TEXT, or --report FILE.")
    if kind == "text":
        reports.render(Report(kind, source), {})  # nearly every text differs: nothing to remember
    else:
        checked(kind, source, json.dumps(dict(given), sort_keys=True))
    return Report(kind, source, given)


@lru_cache(maxsize=4_096)
def checked(kind: str, source: str, given: str) -> None:
    reports.check(Report(kind, source, json.loads(given)))
