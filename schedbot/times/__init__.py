"""Instants, spans and zones: how they are read and written. Instants are UTC milliseconds; spans are milliseconds."""

from schedbot.times.durations import parse_span, quoted, span_for_people, to_span
from schedbot.times.format import for_people, local_rfc3339, local_until_rfc3339, relative, to_rfc3339, until_then
from schedbot.times.parse import parse_clock, parse_from, parse_instant, parse_since
from schedbot.times.zones import reader_zone, zone, zone_data_version

__all__ = [
    "for_people",
    "local_rfc3339",
    "local_until_rfc3339",
    "parse_clock",
    "parse_from",
    "parse_instant",
    "parse_since",
    "parse_span",
    "quoted",
    "reader_zone",
    "relative",
    "span_for_people",
    "to_rfc3339",
    "to_span",
    "until_then",
    "zone",
    "zone_data_version",
]
