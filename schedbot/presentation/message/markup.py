"""Slack's markup as a reader sees it: links with their address, mentions, emoji and dates."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from schedbot.presentation.message.slack_dates import format_date
from schedbot.reports.escaping import escape_text

DATE = re.compile(r"<!(date\^[^<>|]+)(?:\|([^<>]*))?>")
MENTION = re.compile(r"<([@#!])([^<>|]+)(?:\|([^<>]+))?>")
LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]+))?>")
# A sign inside a word is text, as in `a_b`; the next other sign of the same kind ends the search, so it is linear.
EMPHASIS = re.compile(r"(?<!\w)([*_~])(?=\S)((?:(?!\1)[^\n]|(?<=\w)\1(?=\w))+)(?<=\S)\1(?!\w)")
CODE = re.compile(r"(`[^`\n]+`)")
EMOJI = re.compile(r"(?<![A-Za-z0-9]):([a-z0-9_+'-]{1,60}):(?::(skin-tone-[2-6]):)?")


def to_plain_text(mrkdwn: str) -> str:
    """Return the text that a reader of the markup sees. A date is shown by its fallback (see `show_dates`)."""
    text = LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] and link[2] != link[1] else link[1], mrkdwn)
    text = MENTION.sub(lambda match: show_mention(match[1], match[2], match[3]), text)
    text = EMPHASIS.sub(r"\2", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    text = show_emoji(text) if ":" in text else text
    return without_controls(text)


def without_controls(text: str) -> str:
    """Return a text that has no markup, such as the title of a file, without characters that control a terminal."""
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))


def show_mention(kind: str, name: str, label: str | None) -> str:
    """Return a mention or a channel."""
    if kind == "!" and name.startswith("date^"):
        return label or name
    sign = "#" if kind == "#" else "@"
    return sign + (label or name.removeprefix("subteam^")).lstrip("@#")


def show_dates(value: Any, zone: ZoneInfo) -> Any:
    """Return a part of a message in which all dates are texts of a time zone."""
    if isinstance(value, str):
        return DATE.sub(lambda date: escape_text(format_date(date[1], date[2] or date[1], zone)), value)
    if isinstance(value, Mapping):
        return {key: show_dates(entry, zone) for key, entry in value.items()}
    return [show_dates(entry, zone) for entry in value] if isinstance(value, list | tuple) else value


def show_emoji(text: str) -> str:
    """Return the text with emoji in the place of their names. A span of code keeps them, and so do other names."""
    parts = CODE.split(text)
    return "".join(part if place % 2 else EMOJI.sub(find_emoji, part) for place, part in enumerate(parts))


def find_emoji(code: re.Match[str]) -> str:
    """Return the emoji of a code, or the code where there is none of that name."""
    letter = emoji_by_name().get(code[1])
    return letter + (emoji_by_name().get(code[2], "") if code[2] else "") if letter else code[0]


@cache
def emoji_by_name() -> dict[str, str]:
    """Return Slack's emoji, which the page of the sandbox shows too."""
    lines = files("schedbot").joinpath("sandbox", "page", "emoji.txt").read_text(encoding="utf-8").splitlines()
    return {name: letter for letter, *names in map(str.split, lines) for name in names}
