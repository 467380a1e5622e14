"""Parse and format instants, durations and time zones. Instants are UTC milliseconds; durations are milliseconds."""

from schedbot.text_input import quote
from schedbot.times.durations import format_duration, parse_duration, unparse_duration
from schedbot.times.format import (
    format_before_change,
    format_instant,
    format_relative,
    to_local_rfc3339,
    to_local_rfc3339_before_change,
    to_rfc3339,
)
from schedbot.times.parse import (
    is_day,
    parse_future,
    parse_future_end,
    parse_instant,
    parse_past,
    parse_past_day,
    parse_past_end,
    parse_time_of_day,
)
from schedbot.times.zones import local_zone, zone, zone_data_version

__all__ = [
    "format_before_change",
    "format_duration",
    "format_instant",
    "format_relative",
    "is_day",
    "local_zone",
    "parse_duration",
    "parse_future",
    "parse_future_end",
    "parse_instant",
    "parse_past",
    "parse_past_day",
    "parse_past_end",
    "parse_time_of_day",
    "quote",
    "to_local_rfc3339",
    "to_local_rfc3339_before_change",
    "to_rfc3339",
    "unparse_duration",
    "zone",
    "zone_data_version",
]
