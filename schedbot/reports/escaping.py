"""Escape values in templates, so that a value can neither mention a channel nor break the JSON, and clean messages.

Rule for all kinds of reports: control characters and those that reorder text are removed from every text of a message;
line ends become line feeds, and half of a surrogate pair becomes U+FFFD (see `clean`).

Rule for templates: before a template runs, each character of a value that is special in JSON or in Slack's markup is
replaced by one of ten placeholders; filters, joins and macros pass them on like any other character. After the
template's output is parsed as JSON, each placeholder becomes its escape (`&lt;`) or the original character. So no value
is ever read as markup, and nothing is escaped twice.
Sources: https://docs.slack.dev/messaging/formatting-message-text#escaping; placeholders are Unicode noncharacters
(U+FDD0..., "intended for process-internal uses", The Unicode Standard, 23.7); https://trojansource.codes (text that is
shown in another order than it has).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta, tzinfo
from numbers import Number
from typing import Any
from uuid import UUID

from schedbot.model import Message
from schedbot.rules.periods import Period

MARKUP = "<>&!@#"
JSON = '"\\'
LABEL_END = "]"  # ends the label of a link in a markdown block: `[label](address)`
SEPARATOR = "|"  # between the address and the label of a link
SPECIAL = MARKUP + JSON + LABEL_END + SEPARATOR
PLACEHOLDERS = "".join(chr(0xFDD0 + number) for number in range(len(SPECIAL)))

_REMOVE = str.maketrans(dict.fromkeys(PLACEHOLDERS, "\ufffd"))
_PROTECT = str.maketrans(SPECIAL, PLACEHOLDERS) | _REMOVE
_RESTORE = str.maketrans(PLACEHOLDERS, SPECIAL)
_MARK_SAFE = str.maketrans(PLACEHOLDERS[: len(MARKUP)] + PLACEHOLDERS[-2:], MARKUP + LABEL_END + SEPARATOR)
_ESCAPE = _RESTORE | str.maketrans(dict(zip(PLACEHOLDERS[:3], ("&lt;", "&gt;", "&amp;"), strict=True)))
# `<{{ address }}|...>` is a link; a value that begins like a mention must not turn it into a mention.
_MENTION_FROM_VALUE = re.compile(f"<(?=[{PLACEHOLDERS[3:6]}])")

# In Markdown `[label](address)` is a link; with a blank after `]` it is text.
_LINK_IN_MARKDOWN = re.compile(f"{PLACEHOLDERS[-2]}(?=[(:{PLACEHOLDERS[-2]}\\[])")
# C0 without tab and line feed, DEL, C1, embeddings, overrides and isolates of the bidirectional algorithm.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("\r\n?")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Values that cannot contain text of a customer.
_PLAIN = (Number, date, time, timedelta, tzinfo, UUID, Period)

# In `<{{ address }}|label>` the first `|` ends the address, so that of a value is written as a URL has it.
_ADDRESS = re.compile(r"<(?!\s)[^<>|\n]*(?=[|>])")


def clean(text: str) -> str:
    """Return the text without characters that control a terminal or reorder text. Tabs and line ends stay."""
    if text.isprintable():
        return text
    text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    return _SURROGATES.sub("\ufffd", text)


def clean_message(message: Message) -> Message:
    """Return the message with all its texts cleaned, at any depth."""
    if not (message.blocks or message.attachments):
        text = clean(message.text)
        return message if text == message.text else replace(message, text=text)
    blocks, attachments = (tuple(map(_clean_texts, parts)) for parts in (message.blocks, message.attachments))
    return replace(message, text=clean(message.text), blocks=blocks, attachments=attachments)


def _clean_texts(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _clean_texts(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_texts(entry) for entry in value]
    return value


def protect(value: Any) -> Any:
    """Clean all strings of the value, at any depth, and replace their special characters by placeholders.

    Containers are copied. An object that is neither text, number nor time becomes the text that `str` makes of it.
    """
    if isinstance(value, str):
        return clean(value).translate(_PROTECT)
    if isinstance(value, Mapping):
        return {protect(key): protect(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [protect(entry) for entry in value]
    if value is None or isinstance(value, _PLAIN):
        return value
    return protect(bytes(value).decode(errors="replace") if isinstance(value, bytes | bytearray) else str(value))


def to_text(value: Any) -> Any:
    """Return the text of a list or an object with special characters protected, those of Python's form too."""
    return protect(str(_restore_texts(value))) if isinstance(value, list | tuple | Mapping) else value


def _restore_texts(value: Any) -> Any:
    if isinstance(value, str):
        return restore(value)
    if isinstance(value, Mapping):
        return {_restore_texts(key): _restore_texts(entry) for key, entry in value.items()}
    return [_restore_texts(entry) for entry in value] if isinstance(value, list | tuple) else value


def restore(text: str) -> str:
    """Return the original string."""
    return text.translate(_RESTORE)


def escape(text: str) -> str:
    """Return the string in Slack's escapes, so that Slack shows the original string."""
    text = _MENTION_FROM_VALUE.sub("&lt;", text)
    if PLACEHOLDERS[-1] in text:
        text = _ADDRESS.sub(lambda address: address[0].replace(PLACEHOLDERS[-1], "%7C"), text)
    return text.translate(_ESCAPE)


def escape_markdown(text: str) -> str:
    """Return the string for a markdown block, where a value can neither mention nor make `[label](address)` a link."""
    return escape(_LINK_IN_MARKDOWN.sub("] ", text))


def mark_safe(text: str) -> str:
    """Return the string with Slack's markup in force (`<!channel>` pings). It still cannot break the JSON."""
    return text.translate(_MARK_SAFE)


def remove_placeholders(source: str) -> str:
    """Return a template's own text without placeholders, which only values may contain."""
    return source.translate(_REMOVE)


def escape_text(text: str) -> str:
    """Return a plain text in Slack's escapes: Slack shows it as it is, without links or mentions in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
