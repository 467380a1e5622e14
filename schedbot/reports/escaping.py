"""Values from outside can neither ping a channel nor break the JSON they are put into.

Rule: on the way into a template, each character of a value that means something to JSON or to Slack becomes one of
eight stand-ins that nothing else uses; filters, joins and macros carry them along like any other character. When the
template's output has been read as JSON, each stand-in becomes its escape (`&lt;`) or itself. So there is no moment at
which a value could be taken for markup, and nothing is escaped twice.
Sources: https://docs.slack.dev/messaging/formatting-message-text#escaping; the stand-ins are Unicode's noncharacters
(U+FDD0..., "intended for process-internal uses", The Unicode Standard, 23.7).
"""

import re
from collections.abc import Mapping
from typing import Any

MARKUP = "<>&!@#"
JSON = '"\\'
MEANS_SOMETHING = MARKUP + JSON
STAND_INS = "".join(chr(0xFDD0 + number) for number in range(len(MEANS_SOMETHING)))

_NO_FORGERIES = str.maketrans(dict.fromkeys(STAND_INS, "\ufffd"))
_HIDE = str.maketrans(MEANS_SOMETHING, STAND_INS) | _NO_FORGERIES
_REVEAL = str.maketrans(STAND_INS, MEANS_SOMETHING)
_TRUST = str.maketrans(STAND_INS[: len(MARKUP)], MARKUP)
_ESCAPE = _REVEAL | str.maketrans(dict(zip(STAND_INS[:3], ("&lt;", "&gt;", "&amp;"), strict=True)))
# A template's `<{{ address }}|...>` is a link; a value that begins like a mention must not make it one.
_MENTION_BY_A_VALUE = re.compile(f"<(?=[{STAND_INS[3:6]}])")


def hide(value: Any) -> Any:
    """`value` with all its strings made harmless, to any depth. Containers are copied."""
    if isinstance(value, str):
        return value.translate(_HIDE)
    if isinstance(value, Mapping):
        return {hide(key): hide(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [hide(one) for one in value]
    return value


def reveal(text: str) -> str:
    """The string as it was outside."""
    return text.translate(_REVEAL)


def escape(text: str) -> str:
    """The string as Slack has to be told it, so that it is shown as it was outside."""
    return _MENTION_BY_A_VALUE.sub("&lt;", text).translate(_ESCAPE)


def trust(text: str) -> str:
    """The string with Slack's markup in force (`<!channel>` pings); it still cannot break the JSON."""
    return text.translate(_TRUST)


def unforged(source: str) -> str:
    """A template's own text, in which a stand-in has no business."""
    return source.translate(_NO_FORGERIES)
