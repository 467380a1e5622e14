"""Parsers of single fields of a schedule, for options of commands and columns of imports alike.

Each parser takes the text of one field and returns its value, or raises BadInput. `parse` adds the column's name to the
error. Results for cron expressions, instants and templates are cached, since an import repeats the same few thousands
of times.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from schedbot import reports, text_input, times
from schedbot.errors import BadInput, ReportFailed
from schedbot.model import Report
from schedbot.reports import limits
from schedbot.reports.definitions import Definitions
from schedbot.rules import recurrence, windows

Value = TypeVar("Value")
Choice = TypeVar("Choice", bound=StrEnum)
Fields = Mapping[str, str | None]  # text by column; None: the field is not given

DEFAULT_WORDS = ("", "none")  # give a field its default value
FREE_COLUMNS = ("text", "report", "params")  # may contain any character
MAX_NAME_LENGTH = 200
MAX_LENGTHS = {"text": limits.MAX_SOURCE, "report": 4_096, "params": 100_000}  # of the columns
MAX_FIELD_LENGTH = 2_000  # of the other columns
MAX_OCCURRENCES = 100_000
MAX_ATTEMPTS = 20
MAX_SPAN_MS = 366 * 86_400_000
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
GLOB = re.compile(r"[*?\[\]]")
SPAN = re.compile(r"(?:[0-9]{1,12}[smhdw])+", re.IGNORECASE)


class BadField(BadInput):
    """The value of a field is wrong. `column` is the field's name in an import."""

    def __init__(self, column: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.column = column


def parse(column: str, parser: Callable[[str], Value], text: str) -> Value:
    """Return the value of `text` by `parser`. Raises BadField."""
    try:
        return parser(text)
    except BadField:
        raise
    except (BadInput, ReportFailed) as error:
        spelling = "" if column in FREE_COLUMNS else text_input.explain_spelling(str(text))
        raise BadField(column, str(error), spelling or error.hint) from None


def clean(fields: Fields) -> dict[str, str | None]:
    """Return the fields with each text cleaned; a path keeps its Unicode form."""
    return {column: text if text is None else clean_cell(column, text) for column, text in fields.items()}


def clean_cell(column: str, text: str) -> str:
    """Return the text of one field, cleaned. Raises BadField for a text that is too long, before any work on it."""
    most = MAX_LENGTHS.get(column, MAX_FIELD_LENGTH)
    if len(text) > most:
        noun = column.replace("_", " ")
        raise BadField(column, f"The {noun} has {len(text):,} characters.", f"Use at most {most:,}.")
    return text_input.clean_path(text) if column == "report" else text_input.clean(text)


def parse_optional(fields: Fields, column: str, parser: Callable[[str], Value], base: Value, default: Value) -> Value:
    """Return the value of a field: `base` if it is not given, `default` if it is empty or `none`. Raises BadField."""
    text = fields.get(column)
    if text is None:
        return base
    return default if text.lower() in DEFAULT_WORDS else parse(column, parser, text)


def parse_name(text: str) -> str:
    """Return a name that can be typed and does not look like a glob or an option."""
    if not text or len(text) > MAX_NAME_LENGTH:
        raise BadInput(f"The name has {len(text)} characters.", f"Use 1 to {MAX_NAME_LENGTH} characters.")
    if not text.isprintable() or text != text.strip():
        raise BadInput(f"The name {times.quote(text)} has spaces around it or unprintable characters.", "Remove them.")
    if text.startswith("-") or GLOB.search(text):
        raise BadInput(
            f"The name {times.quote(text)} looks like an option or a glob.", "Use no '-' at the start and no '*?[]'."
        )
    return text


def parse_account(text: str) -> str:
    """Return the account's id, which may be empty."""
    return check_line("account", text)


def parse_reason(text: str) -> str:
    """Return the reason of a pause, which may be empty. Tables show it in one line."""
    return check_line("reason", text)


def check_line(noun: str, text: str) -> str:
    if len(text) > MAX_NAME_LENGTH or (text and not text.isprintable()):
        problem = f"The {noun} {times.quote(text)} is too long or has unprintable characters."
        raise BadInput(problem, f"Use one line of up to {MAX_NAME_LENGTH} printable characters.")
    return text


def choice_parser(kind: type[Choice], noun: str) -> Callable[[str], Choice]:
    """Return a parser for the values of an enumeration."""

    def parse_choice(text: str) -> Choice:
        values = [str(value) for value in kind]
        if text.lower() in values:
            return kind(text.lower())
        near = get_close_matches(text.lower(), values, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Use {', '.join(values[:-1])} or {values[-1]}."
        raise BadInput(f"{times.quote(text)} is not a valid {noun}.", hint)

    return parse_choice


def number_parser(noun: str, least: int, most: int) -> Callable[[str], int]:
    """Return a parser for whole numbers from `least` to `most`."""

    def parse_number(text: str) -> int:
        number = text_input.parse_whole_number(text)
        if number is None or not least <= number <= most:
            hint = f"Use a whole number from {least} to {most:,}."
            raise BadInput(f"{times.quote(text)} is not a valid {noun}.", hint)
        return number

    return parse_number


def parse_span(text: str) -> int:
    """Return a span of 0 to 366 days in milliseconds."""
    span_ms = times.parse_duration(text)
    if span_ms > MAX_SPAN_MS:
        raise BadInput(f"The span {times.quote(text)} is too long.", "Use at most a year: '366d'.")
    return span_ms


def parse_bool(text: str) -> bool:
    """Return the value of `true` or `false`, as JSON and spreadsheets write them."""
    word = text.strip().lower()
    if word in ("true", "yes", "1", "1.0"):
        return True
    if word in ("", "false", "no", "0", "0.0"):
        return False
    raise BadInput(f"{times.quote(text)} is neither true nor false.", "Use true or false.")


@lru_cache(maxsize=4_096)
def parse_cron(expression: str, tz: str) -> str:
    """Return the cron expression in its normal form."""
    return recurrence.check_cron(expression, tz)


@lru_cache(maxsize=4_096)
def parse_instant(text: str, tz: str, now: int) -> int:
    """Return the instant of a wall clock in `tz`, an RFC 3339 time, `tomorrow 9am`, or a span from now."""
    if SPAN.fullmatch(text.strip()):
        return now + times.parse_duration(text)
    return times.parse_instant(text, times.zone(tz), now)


@lru_cache(maxsize=4_096)
def parse_start(text: str, tz: str, now: int) -> int:
    """Return an instant as `parse_instant` does; for a day, its first instant."""
    return times.parse_future(text, times.zone(tz), now) if times.is_day(text) else parse_instant(text, tz, now)


@lru_cache(maxsize=4_096)
def parse_end(text: str, tz: str, now: int) -> int:
    """Return an instant as `parse_instant` does; for a day, its last instant, so that the day is included."""
    return times.parse_future_end(text, times.zone(tz), now) if times.is_day(text) else parse_instant(text, tz, now)


def parse_window(text: str) -> str:
    """Return a send window in its normal form."""
    return windows.parse_window(text).text


def parse_blackout(text: str) -> str:
    """Return blackout dates in their normal form."""
    return windows.format_blackouts(windows.parse_blackouts(text))


@lru_cache(maxsize=256)
def parse_region(text: str) -> str:
    """Return the region of public holidays in its normal form."""
    from schedbot.rules import public_holidays

    return public_holidays.normalize_region(text)


def parse_params(text: str) -> dict[str, Any]:
    """Return a report's parameters from a JSON object whose keys can be used in a template."""
    if not text.strip():
        return {}
    try:
        params = text_input.parse_json(text)
    except ValueError:
        params = None
    if not isinstance(params, dict):
        problem = f"The parameters {times.quote(text)} are not a JSON object."
        raise BadInput(problem, """Write it like {"team": "EU"}.""")
    for key in params:
        check_param_key(key)
    return params


def check_param_key(key: str) -> str:
    """Return the parameter's name. Raises BadInput for a name that a template cannot use."""
    if not KEY.fullmatch(key):
        raise BadInput(f"The parameter name {times.quote(key)} is not valid.", "Use letters, digits and '_'.")
    return key


def parse_param(text: str) -> tuple[str, Any]:
    """Return name and value of one --param: `KEY=VALUE` is a text, `KEY:=JSON` a JSON value. Raises BadField."""
    key, equals, value = text.partition("=")
    key = text_input.clean(key)
    if not equals:
        raise BadField("params", f"The parameter {times.quote(text)} has no value.", "Write KEY=VALUE or KEY:=JSON.")
    name = parse("params", check_param_key, key.removesuffix(":"))
    if not key.endswith(":"):
        return name, value
    try:
        return name, parse("params", text_input.parse_json, value)
    except ValueError:
        problem = f"{times.quote(value)} is not JSON."
        raise BadField("params", problem, f"Write JSON after ':=', or {name}=TEXT for a text.") from None


def is_plain_text(text: str) -> bool:
    """Is the text one line that is posted as it is?"""
    return text.isprintable() and limits.fits(text)


def parse_text(text: str) -> str:
    """Return the text of a message. Raises BadInput and ReportFailed."""
    if not text.strip():
        raise BadInput("The text is empty.", "Use --text TEXT or --report FILE.")
    if not is_plain_text(text):
        reports.render(Report("text", text), {})
    return text


def parse_on_empty(text: str) -> str:
    """Return the text for a report that has nothing to report: '' and 'skip' mean none. Raises ReportFailed."""
    return "" if text.strip() in ("", "skip") else parse_text(text)


def parse_report_source(text: str, definitions: Definitions) -> tuple[str, str]:
    """Return kind and source of `--report`: a named report, which wins over a path, or a template. Raises BadInput."""
    if definitions.has(text):
        definitions.find(text)
        return "named", text
    path = template_path(text)
    if "/" in text or "." in text or Path(path).exists():
        return "template", path
    hint = definitions.suggest(text)
    raise BadInput(f"No report named {times.quote(text)} exists, and no template file.", hint)


def template_path(path: str) -> str:
    """Return the absolute path of a template, so that every process finds it."""
    return str(text_input.parse_path(path).absolute())
