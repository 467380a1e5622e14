"""Send windows and blackout dates: parsing, opening times and intersection. Pure."""

from schedbot.rules.windows.intersection import intersect
from schedbot.rules.windows.open_hours import (
    blackout_at,
    first_open_at,
    is_open,
    same_time_next_business_day,
    same_time_on,
    start_of_next_day,
)
from schedbot.rules.windows.parse import Blackout, Window, format_blackouts, parse_blackouts, parse_window

__all__ = [
    "Blackout",
    "Window",
    "blackout_at",
    "first_open_at",
    "format_blackouts",
    "intersect",
    "is_open",
    "parse_blackouts",
    "parse_window",
    "same_time_next_business_day",
    "same_time_on",
    "start_of_next_day",
]
