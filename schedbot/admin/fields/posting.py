"""Fields for the way in which a message is posted: thread, update, name and icon.

Source: https://docs.slack.dev/reference/methods/chat.postMessage (username, icon_emoji, icon_url)
"""

import re
from urllib.parse import urlsplit

from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import BadField, Fields, parse_optional
from schedbot.errors import BadInput
from schedbot.model import Terms, ThreadSpan
from schedbot.text_input import quote

THREAD = parsers.choice_parser(ThreadSpan, "span of a thread")
MAX_USERNAME = 80
MAX_ICON_URL = 2_000
# Skin tones follow a second pair of colons: `:wave::skin-tone-3:`.
EMOJI = re.compile(r":[a-z0-9_+'-]{1,100}:(?::skin-tone-[2-6]:)?")
ICON_HINT = "Use an emoji such as ':bar_chart:', or the https address of a picture."


def parse_place(fields: Fields, base: Terms) -> tuple[ThreadSpan, bool]:
    """Return the span of the thread, and whether the last message is updated. Raises BadField if both are set."""
    thread = parse_optional(fields, "thread", THREAD, base.thread, ThreadSpan.NONE)
    is_update = parse_optional(fields, "update", parsers.parse_bool, base.is_update, False)
    if is_update and thread is not ThreadSpan.NONE:
        problem = f"A message cannot be a reply in a thread ({thread}) and an update of the last message."
        column = "update" if fields.get("update") is not None else "thread"
        raise BadField(column, problem, "Use either --thread, or --update: '--thread none' or '--no-update'.")
    return thread, is_update


def parse_username(text: str) -> str:
    """Return the name that messages are posted with."""
    if len(text) > MAX_USERNAME or not text.isprintable():
        problem = f"The username {quote(text)} is too long or has unprintable characters."
        raise BadInput(problem, f"Use one line of up to {MAX_USERNAME} printable characters.")
    return text


def parse_icon(text: str) -> str:
    """Return the icon that messages are posted with: `:emoji:`, or the https URL of a picture."""
    if EMOJI.fullmatch(text):
        return text
    if EMOJI.fullmatch(f":{text}:"):
        raise BadInput(f"The icon {quote(text)} has no colons.", f"Did you mean ':{text}:'?")
    if not is_https_url(text):
        raise BadInput(f"The icon {quote(text)} is neither an emoji nor an https address.", ICON_HINT)
    return text


def is_https_url(text: str) -> bool:
    """Is the text an https URL with a host, without blanks and without a password?"""
    try:
        parts = urlsplit(text)
        host, password = parts.hostname, parts.password
    except ValueError:
        return False
    is_plain = text.isprintable() and " " not in text and len(text) <= MAX_ICON_URL
    return is_plain and parts.scheme == "https" and bool(host) and password is None
