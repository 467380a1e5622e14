"""The way in for text from outside: cells of an import, options, settings and variables of the environment.

Rules: blanks around a text and a byte order mark at its start are dropped. Text is in Unicode's form NFC, so that a
name typed on one system equals the same name typed on another. A character that cannot be seen is shown as an escape.
Sources: https://www.unicode.org/reports/tr15/, https://www.rfc-editor.org/rfc/rfc8259#section-6
"""

import os
import re
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from schedbot.errors import BadInput, BadOption

BYTE_ORDER_MARK = "\ufeff"
# Text programs and web pages put these in the place of a hyphen.
DASHES = "[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MOST_MARKS = 30  # of the Stream-Safe Text Format: https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
LONG_RUN = "[^\x00-\x7f]{31,}"  # patterns are compiled when they are used: each takes half a millisecond
MAX_FILE_NAME = 255  # bytes, as on all usual file systems
MAX_PATH = 4_096  # bytes, with the zero byte at its end
EMPTY_HINT = "Name a value, or leave the option out: without it nothing is filtered."
MAX_DEPTH = 50  # of JSON: lists and objects in each other
JOINERS = "\u200c\u200d"
WHOLE_NUMBER = r"(?a:([0-9]{1,9})(?:\.0{1,9})?)"
OPENING_QUOTES, CLOSING_QUOTES = "'\"\u2018\u201c", "'\"\u2019\u201d"

Value = TypeVar("Value")
Parameters = ParamSpec("Parameters")


def clean(text: str) -> str:
    """Return the text in NFC, without blanks around it and without a byte order mark at its start."""
    return text.strip() if text.isascii() else _to_nfc(clean_path(text))


def _to_nfc(text: str) -> str:
    """Return the text in NFC.

    A text with more than MOST_MARKS combining marks in a row stays: no language has that, and the time to sort them is
    quadratic.
    """
    import unicodedata

    if any(_count_marks(run[0]) > MOST_MARKS for run in re.finditer(LONG_RUN, text)):
        return text
    return unicodedata.normalize("NFC", text)


def _count_marks(text: str) -> int:
    """Return the greatest number of combining marks in a row."""
    import unicodedata

    most = count = 0
    for char in text:
        count = count + 1 if unicodedata.combining(char) else 0
        most = max(most, count)
    return most


def clean_path(text: str) -> str:
    """Return the text without blanks around it and without a byte order mark.

    A path keeps its Unicode form, because a file is found only by the name that it has.
    """
    return text.strip().removeprefix(BYTE_ORDER_MARK).strip()


def parse_path(text: str) -> Path:
    """Return the path, with the home folder for `~`. Raises BadInput for a text that can name no file."""
    names = [os.fsencode(name) for name in text.split("/")]
    if "\0" in text or max(map(len, names)) > MAX_FILE_NAME or sum(map(len, names)) + len(names) > MAX_PATH:
        problem = "has a zero byte" if "\0" in text else "is too long"
        raise BadInput(f"The path {quote(text)} {problem}.", f"A file's name has at most {MAX_FILE_NAME} bytes.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise BadInput(f"The path {quote(text)} begins with an unknown user.", "Write the whole path.") from None


def quote(text: str) -> str:
    """Return text in quotes for an error message, at most 60 characters; those that cannot be seen are escapes."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def escape_unseen(text: str) -> str:
    """Return the text with an escape (`\\u200b`) for each character that cannot be seen.

    Blanks, line ends and the joiners of emoji and scripts stay.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char.isspace() or char in JOINERS else repr(char)[1:-1] for char in text
    )


def refuse_empty(option: str, *values: str | None) -> None:
    """Raise BadInput for a filter option with a blank value, as an unset variable of a shell gives it."""
    if any(value is not None and not value.strip(" ,\t\n") for value in values):
        raise BadOption(option, " is empty.", EMPTY_HINT)


def defuse_formula(cell: str) -> str:
    """Return the text of a cell with a `'` before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def is_quoted(text: str) -> bool:
    """Does the text have quotation marks around it, which a shell would have removed?"""
    return len(text) > 1 and text[0] in OPENING_QUOTES and text[-1] in CLOSING_QUOTES


def parse_whole_number(text: str) -> int | None:
    """Return the number of `3`, or of `3.0` as spreadsheets write it; None for any other text."""
    match = re.fullmatch(WHOLE_NUMBER, text.strip())
    return int(match[1]) if match else None


def explain_spelling(text: str) -> str:
    """Return a hint about a dash in the place of a hyphen or a character that cannot be seen; else an empty text."""
    if dash := re.search(DASHES, text):
        return f"'{dash[0]}' is a dash, not '-': write {quote(re.sub(DASHES, '-', text))}."
    if unseen := next((char for char in text if not char.isprintable() and not char.isspace()), None):
        return f"It has the character U+{ord(unseen):04X}, which cannot be seen: remove it."
    return ""


def explains_spelling(
    parser: Callable[Concatenate[str, Parameters], Value],
) -> Callable[Concatenate[str, Parameters], Value]:
    """Give a parser's BadInput the hint of `explain_spelling`, where the text has such a character."""

    @wraps(parser)
    def parse(text: str, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Value:
        try:
            return parser(text, *args, **kwargs)
        except BadInput as error:
            error.hint = explain_spelling(text) or error.hint
            raise

    return parse


def parse_json(text: str) -> Any:
    """Return the value of JSON. Raises ValueError, and BadInput for a value that `check_json` refuses."""
    import json

    try:
        value = json.loads(text)
    except RecursionError:
        raise too_deep() from None
    check_json(value)
    return value


def check_json(value: Any) -> None:
    """Raise BadInput for a NaN or an infinite number, at any depth, and for more than MAX_DEPTH levels."""
    import json

    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [entry for outer in level for entry in _entries(outer)]
    if level:
        raise too_deep()
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        if number := _find_nan(value):
            raise BadInput(f"{number} is no number in JSON.", "Write null, or leave the value out.") from None
        raise BadInput("A number in the JSON is too large.", "Write it as text.") from None


def _entries(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def too_deep() -> BadInput:
    """Return the error of JSON with more than MAX_DEPTH levels."""
    return BadInput("The JSON is nested too deeply.", f"Use at most {MAX_DEPTH} lists and objects in each other.")


def _find_nan(value: Any) -> str:
    """Return `NaN`, `Infinity` or `-Infinity`: the first that a value contains; empty without one."""
    import json
    import math

    pending = [value]
    while pending:
        match pending.pop():
            case float() as number if not math.isfinite(number):
                return json.dumps(number)
            case dict() as table:
                pending += reversed(table.values())
            case list() as entries:
                pending += reversed(entries)
    return ""
