"""Original values of a filter's input, and the error for one that the filter cannot use."""

from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports import escaping
from schedbot.text_input import quote


def to_text(value: Any) -> str:
    """Return the original text of a value, without placeholders. An undefined name raises Jinja's error."""
    return escaping.restore(str(value))


def to_words(value: Any) -> str:
    """Return the original text of a value on one line."""
    return " ".join(escaping.clean(to_text(value)).split())


def refuse(name: str, value: Any, problem: str, hint: str) -> ReportFailed:
    """Return the error of a filter: `The filter 'mention' got 'bob', which is no user id.`"""
    shown = quote(to_text(value)) if isinstance(value, str) else to_text(value)[:60]
    return ReportFailed(f"The filter '{name}' got {shown}, which {problem}.", hint)
