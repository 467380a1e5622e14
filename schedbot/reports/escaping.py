"""Escape values in templates, so that a value can neither mention a channel nor break the JSON.

Rule: before a template runs, each character of a value that is special in JSON or in Slack's markup is replaced by one
of nine placeholders; filters, joins and macros pass them on like any other character. After the template's output is
parsed as JSON, each placeholder becomes its escape (`&lt;`) or the original character. So no value is ever read as
markup, and nothing is escaped twice.
Sources: https://docs.slack.dev/messaging/formatting-message-text#escaping; placeholders are Unicode noncharacters
(U+FDD0..., "intended for process-internal uses", The Unicode Standard, 23.7).
"""

import re
from collections.abc import Mapping
from typing import Any

MARKUP = "<>&!@#"
JSON = '"\\'
SEPARATOR = "|"  # between the address and the label of a link
SPECIAL = MARKUP + JSON + SEPARATOR
PLACEHOLDERS = "".join(chr(0xFDD0 + number) for number in range(len(SPECIAL)))

_REMOVE = str.maketrans(dict.fromkeys(PLACEHOLDERS, "\ufffd"))
_PROTECT = str.maketrans(SPECIAL, PLACEHOLDERS) | _REMOVE
_RESTORE = str.maketrans(PLACEHOLDERS, SPECIAL)
_MARK_SAFE = str.maketrans(PLACEHOLDERS[: len(MARKUP)] + PLACEHOLDERS[-1], MARKUP + SEPARATOR)
_ESCAPE = _RESTORE | str.maketrans(dict(zip(PLACEHOLDERS[:3], ("&lt;", "&gt;", "&amp;"), strict=True)))
# `<{{ address }}|...>` is a link; a value that begins like a mention must not turn it into a mention.
_MENTION_FROM_VALUE = re.compile(f"<(?=[{PLACEHOLDERS[3:6]}])")

# In `<{{ address }}|label>` the first `|` ends the address, so that of a value is written as a URL has it.
_ADDRESS = re.compile(r"<(?!\s)[^<>|\n]*(?=[|>])")


def protect(value: Any) -> Any:
    """Replace special characters by placeholders in all strings of the value, at any depth. Containers are copied."""
    if isinstance(value, str):
        return value.translate(_PROTECT)
    if isinstance(value, Mapping):
        return {protect(key): protect(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [protect(entry) for entry in value]
    return value


def restore(text: str) -> str:
    """Return the original string."""
    return text.translate(_RESTORE)


def escape(text: str) -> str:
    """Return the string in Slack's escapes, so that Slack shows the original string."""
    text = _MENTION_FROM_VALUE.sub("&lt;", text)
    if PLACEHOLDERS[-1] in text:
        text = _ADDRESS.sub(lambda address: address[0].replace(PLACEHOLDERS[-1], "%7C"), text)
    return text.translate(_ESCAPE)


def mark_safe(text: str) -> str:
    """Return the string with Slack's markup in force (`<!channel>` pings). It still cannot break the JSON."""
    return text.translate(_MARK_SAFE)


def remove_placeholders(source: str) -> str:
    """Return a template's own text without placeholders, which only values may contain."""
    return source.translate(_REMOVE)
