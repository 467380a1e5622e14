"""Send windows and blackouts: what they say, and when they are open. All of it is pure."""

from schedbot.rules.windows.intersection import meeting
from schedbot.rules.windows.open_hours import blackout_at, day_after, is_open, next_free_day, opens_at, same_time_on
from schedbot.rules.windows.parse import Blackout, Window, blackouts_text, parse, parse_blackouts

__all__ = [
    "Blackout",
    "Window",
    "blackout_at",
    "blackouts_text",
    "day_after",
    "is_open",
    "meeting",
    "next_free_day",
    "opens_at",
    "parse",
    "parse_blackouts",
    "same_time_on",
]
