"""Filters of templates: Slack's markup, numbers, and date arithmetic.

Rules: a filter escapes what it is given, so only the markup that it names comes out. A value that it cannot use raises
ReportFailed with the filter's name, the value and a remedy; the template adds the line.
"""

from collections.abc import Callable
from typing import Any

from schedbot.reports.filters import dates, markup, numbers

FILTERS: dict[str, Callable[..., Any]] = {
    "mention": markup.mention,
    "usergroup": markup.usergroup,
    "channel_link": markup.channel_link,
    "slack_date": markup.slack_date,
    "link": markup.link,
    "number": numbers.number,
    "percent": numbers.percent,
    "bar": numbers.bar,
    "days": dates.days,
    "weeks": dates.weeks,
    "months": dates.months,
    "quarters": dates.quarters,
    "years": dates.years,
    "start_of": dates.start_of,
}
