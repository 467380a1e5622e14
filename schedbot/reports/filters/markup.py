"""Filters that write Slack's markup: mentions, links, and dates in the reader's own time zone.

Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context

from schedbot import times
from schedbot.reports import escaping
from schedbot.reports.filters.values import refuse, to_text, to_words

USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
USERGROUP_ID = re.compile(r"S[A-Z0-9]{2,20}")
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,20}")
SCHEMES = ("http", "https", "mailto")
# These would end the address or the JSON, or are not shown.
UNSAFE_IN_ADDRESS = re.compile(r"""[\s<>|"\\^`{}\x00-\x20\x7f-\x9f]""")
# A host may have brackets, as in `https://[::1]/`. Elsewhere a `markdown` block would take them for those of a link.
UNSAFE_AFTER_HOST = re.compile(r"[\[\]]")
DATE_FORMAT = "{date_short_pretty} {time}"
DATE_TOKENS = (
    *("date_num", "date_slash", "date", "date_short", "date_long", "date_long_full", "date_pretty"),
    *("date_short_pretty", "date_long_pretty", "day_divider_pretty", "time", "time_secs", "ago"),
)
TOKEN = re.compile(r"\{([^{}]*)\}")
SECOND = 1_000
LAST_INSTANT = 253_402_300_799_999  # the end of the year 9999


def mention(user_id: Any) -> str:
    """Return the mention of a user, who is notified: `<@U0123456789>`."""
    hint = "Copy the id in Slack: the user's profile, Copy member ID; it begins with U or W."
    return f"<@{_require_id('mention', user_id, USER_ID, 'is no user id', hint)}>"


def usergroup(usergroup_id: Any) -> str:
    """Return the mention of a user group, whose members are notified: `<!subteam^S0123456789>`."""
    hint = "The id of a user group begins with S; it is at the end of the group's address in Slack."
    return f"<!subteam^{_require_id('usergroup', usergroup_id, USERGROUP_ID, 'is no id of a user group', hint)}>"


def channel_link(channel_id: Any) -> str:
    """Return the link to a channel: `<#C0123456789>`."""
    hint = "Copy the id in Slack: the channel's details, at the bottom; it begins with C or G."
    return f"<#{_require_id('channel_link', channel_id, CHANNEL_ID, 'is no channel id', hint)}>"


def link(url: Any, text: Any = "") -> str:
    """Return a link with a text: `<https://example.com|text>`. Only http, https and mailto addresses are accepted."""
    address = to_text(url).strip()
    hint = "Give an address that begins with https://, http:// or mailto:."
    try:
        parts = urlsplit(address)
    except ValueError:
        raise refuse("link", url, "is no web address", hint) from None
    if parts.scheme not in SCHEMES or not (parts.netloc if parts.scheme != "mailto" else "@" in parts.path):
        raise refuse("link", url, "is no web address", hint)
    safe = encode_address(escaping.clean(address), parts.netloc)
    label = to_words(text)
    return f"<{escaping.protect(safe)}|{escaping.protect(label)}>" if label else f"<{escaping.protect(safe)}>"


def encode_address(address: str, host: str) -> str:
    """Return the address with percent signs for all that could end it or would not be shown."""
    begin, host, rest = address.partition(host or ":")
    rest = UNSAFE_AFTER_HOST.sub(lambda match: percent_encode(match[0], safe=""), rest)
    return UNSAFE_IN_ADDRESS.sub(lambda match: percent_encode(match[0], safe=""), begin + host + rest)


@pass_context
def slack_date(
    context: Mapping[str, Any] | Context, at: Any, date_format: Any = DATE_FORMAT, fallback: Any = ""
) -> str:
    """Return an instant that Slack shows in the reader's time zone: `<!date^1795453200^{date} {time}|Mon 23 Nov ...>`.

    `at`: a time with a zone, its RFC 3339 text, or UTC milliseconds. `fallback` is shown where Slack cannot.
    """
    instant = _to_instant(at)
    words = _check_format(date_format)
    label = to_words(fallback) or times.format_instant(instant, _find_zone(context, at))
    return f"<!date^{instant // SECOND}^{escaping.protect(words)}|{escaping.protect(label)}>"


def _require_id(name: str, value: Any, pattern: re.Pattern[str], problem: str, hint: str) -> str:
    text = to_text(value)
    if not isinstance(value, str) or not pattern.fullmatch(text):
        if isinstance(value, list):
            hint = f"""For a list use {{{{ ids|map("{name}")|join(" ") }}}}."""
        raise refuse(name, value, problem, hint)
    return text


def _to_instant(at: Any) -> int:
    """Return the instant in UTC milliseconds."""
    hint = "Give a time with a zone (due), RFC 3339 text ('2026-12-01T09:00:00-05:00') or UTC milliseconds."
    text = to_text(at)
    moment = at
    if isinstance(at, str):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise refuse("slack_date", at, "is no time", hint) from None
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise refuse("slack_date", at, "has no time zone", hint)
    if isinstance(moment, datetime):
        instant = round(moment.timestamp() * SECOND)
    elif isinstance(moment, int) and not isinstance(moment, bool):
        instant = moment
    else:
        raise refuse("slack_date", at, "is no time", hint)
    if not 0 <= instant <= LAST_INSTANT:
        raise refuse("slack_date", at, "is not between 1970 and 9999", hint)
    return instant


def _find_zone(context: Mapping[str, Any] | Context, at: Any) -> ZoneInfo:
    """Return the zone of the time, else that of the schedule, else UTC."""
    for value in (at, context.get("due")):
        if isinstance(value, datetime) and isinstance(value.tzinfo, ZoneInfo):
            return value.tzinfo
    return ZoneInfo("UTC")


def _check_format(date_format: Any) -> str:
    words = to_words(date_format)
    tokens = TOKEN.findall(words)
    unknown = next((token for token in tokens if token not in DATE_TOKENS), None)
    if unknown is not None:
        near = get_close_matches(unknown, DATE_TOKENS, n=1)
        hint = f"Did you mean {{{near[0]}}}?" if near else "Use {date}, {date_short_pretty}, {time} or the like."
        raise refuse("slack_date", date_format, f"has the unknown part {{{unknown}}}", hint)
    if not tokens or any(mark in TOKEN.sub("", words) for mark in "{}^|"):
        raise refuse("slack_date", date_format, "is no format of a date", f"Write it like '{DATE_FORMAT}'.")
    return words
