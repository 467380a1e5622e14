"""Slack's markup for Python reports: the filters of templates as functions. Each escapes what it is given.

Use them, and `escape`, for values in the `text` of a `Message` and in mrkdwn blocks. A report that returns a plain text
needs none of them: all of it is escaped.
"""

from datetime import datetime
from typing import Any

from schedbot.reports import escaping
from schedbot.reports.filters import markup, numbers

bar = numbers.bar
number = numbers.number
percent = numbers.percent


def escape(value: object) -> str:
    """Return a value as Slack shows it: no link, mention or control character arises from it."""
    return escaping.escape_text(escaping.clean(str(value)))


def escape_markdown(value: object) -> str:
    """Return a value for `Message(markdown=...)`: no labelled link, picture or mention arises from it."""
    return escaping.escape_markdown(escaping.protect(escaping.clean(str(value))))


def link(url: str, text: str = "") -> str:
    """Return a link with a text: `<https://example.com|text>`. Raises ReportFailed for another scheme than http(s)."""
    return escaping.escape(markup.link(url, text))


def mention(user_id: str) -> str:
    """Return the mention of a user, who is notified. Raises ReportFailed for what is no user id."""
    return markup.mention(user_id)


def usergroup(usergroup_id: str) -> str:
    """Return the mention of a user group, whose members are notified. Raises ReportFailed for what is no id."""
    return markup.usergroup(usergroup_id)


def channel_link(channel_id: str) -> str:
    """Return the link to a channel. Raises ReportFailed for what is no channel id."""
    return markup.channel_link(channel_id)


def slack_date(at: datetime | int, date_format: str = markup.DATE_FORMAT, fallback: str = "") -> str:
    """Return an instant that Slack shows in the reader's own time zone.

    `at`: an aware datetime, or UTC milliseconds. `date_format`: Slack's, such as `{date} at {time}`. Raises
    ReportFailed.
    """
    context: dict[str, Any] = {}
    return escaping.escape(markup.slack_date(context, at, date_format, fallback))
