"""Values of other types as the text of a cell, which `ScheduleFields.parse` takes: instants, spans, numbers, JSON.

An instant without a zone is a wall clock of the schedule's zone. None is the default.
"""

import json
import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schedbot import text_input
from schedbot.errors import BadInput

LARGEST = 10**18
USABLE = "Use a text, a number, true, false, None, a datetime or a timedelta."


def to_text(column: str, value: Any) -> str:
    """Return a value as the text of a cell. Raises BadInput for a value that no column takes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return check_text(str(value))
    if column == "params" or isinstance(value, float | list | dict):
        text = to_json(value)
        if column == "params":
            return check_text(text)
    return scalar_to_text(value)


def scalar_to_text(value: object) -> str:
    """Return a number, an instant, a span or another single value as text. Raises BadInput."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return number_to_text(value)
        case datetime():
            return instant_to_text(value)
        case timedelta():
            return span_to_text(value)
        case Enum():
            return check_text(str(value.value))
        case date() | UUID() | ZoneInfo():
            return str(value)
    raise BadInput(f"The value is {describe(value)}.", USABLE)


def check_text(text: str) -> str:
    """Return the text. Raises BadInput for a NUL character or an unpaired surrogate, as `\\ud83d` alone is."""
    if "\0" in text or not (text.isascii() or is_encodable(text)):
        raise BadInput("The text has a NUL character or an unpaired surrogate.", "Remove it.")
    return text


def is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_json(value: Any) -> str:
    """Return the JSON of a value. Raises BadInput."""
    try:
        text_input.check_json(value if isinstance(value, dict | list) else [value])
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        hint = "Use texts, numbers, true, false, None, lists and objects."
        raise BadInput("The value cannot be written as JSON.", hint) from None


def number_to_text(value: int | float | Decimal) -> str:
    """Return a number; a whole one without a fraction. Raises BadInput."""
    is_finite = isinstance(value, int) or math.isfinite(value)  # isfinite raises for an int that no float holds
    if not (is_finite and -LARGEST < value < LARGEST):
        raise BadInput("The number is too large.", "Use a number of up to 18 digits.")
    whole = int(value)
    return str(whole) if whole == value else str(value)


def instant_to_text(value: datetime) -> str:
    """Return an instant with its offset, or a wall clock: `2026-12-01T09:00:00+01:00`, `2026-12-01 09:00:00`."""
    return value.isoformat(sep=" ") if value.tzinfo is None else value.isoformat()


def span_to_text(value: timedelta) -> str:
    """Return a span in whole seconds: `21600s`. Raises BadInput."""
    if value < timedelta(0) or value.microseconds:
        raise BadInput(f"The span {value} is not a number of seconds of 0 or more.", "Use whole seconds.")
    return f"{value.days * 86_400 + value.seconds}s"


def describe(value: object) -> str:
    """Return the type of a value in words."""
    kinds: dict[type, str] = {list: "a list", tuple: "a list", set: "a list", bytes: "binary data", dict: "an object"}
    return kinds.get(type(value)) or f"of type '{type(value).__name__}'"
