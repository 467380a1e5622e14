"""Dates in Slack's markup: `<!date^1795453200^{date_short} at {time}|fallback>`, in a time zone.

Slack shows `today` or `yesterday` for the `pretty` forms of near dates; here they are always the date itself.
Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

PART = re.compile(r"\{(\w+)\}")
ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def format_date(target: str, fallback: str, zone: ZoneInfo) -> str:
    """Return a date as a reader in the zone sees it; the fallback for a format that Slack does not have."""
    seconds, _, rest = target.removeprefix("date^").partition("^")
    date_format = rest.partition("^")[0]
    names = PART.findall(date_format)
    try:
        at = datetime.fromtimestamp(int(seconds), zone)
    except (ValueError, OverflowError, OSError):
        return fallback
    shown = {name: format_part(name, at) for name in names}
    if not names or None in shown.values():
        return fallback
    return PART.sub(lambda part: str(shown[part[1]]), date_format)


def format_part(name: str, at: datetime) -> str | None:
    """Return a part of a date; None for a part that Slack does not have."""
    day = f"{at.day}{ENDINGS.get(at.day, 'th')}"
    match name.removesuffix("_pretty"):
        case "date_num":
            return f"{at:%Y-%m-%d}"
        case "date_slash":
            return f"{at:%m/%d/%Y}"
        case "date":
            return f"{at:%B} {day}, {at.year}"
        case "date_short":
            return f"{at:%b} {at.day}, {at.year}"
        case "date_long":
            return f"{at:%A}, {at:%B} {day}, {at.year}"
        case "date_long_full":
            return f"{at:%B} {at.day}, {at.year}"
        case "time":
            return f"{at.hour % 12 or 12}:{at:%M} {at:%p}"
        case "time_secs":
            return f"{at.hour % 12 or 12}:{at:%M:%S} {at:%p}"
    return None
