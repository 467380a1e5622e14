"""Parse and format instants, durations and time zones. Instants are UTC milliseconds; durations are milliseconds."""

TYPE_CHECKING = False  # a type checker takes it for True

if TYPE_CHECKING:
    from schedbot.text_input import quote
    from schedbot.times.durations import format_duration, format_relative, parse_duration, unparse_duration
    from schedbot.times.format import (
        format_before_change,
        format_instant,
        from_rfc3339,
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
    "from_rfc3339",
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

DURATIONS = ("format_duration", "format_relative", "parse_duration", "unparse_duration")
FORMATS = (
    *("format_before_change", "format_instant", "from_rfc3339"),
    *("to_local_rfc3339", "to_local_rfc3339_before_change", "to_rfc3339"),
)
ZONES = ("local_zone", "zone", "zone_data_version")
MODULES = {
    **dict.fromkeys(__all__, "schedbot.times.parse"),
    **dict.fromkeys(DURATIONS, "schedbot.times.durations"),
    **dict.fromkeys(FORMATS, "schedbot.times.format"),
    **dict.fromkeys(ZONES, "schedbot.times.zones"),
    "quote": "schedbot.text_input",
}


if not TYPE_CHECKING:  # a type checker refuses names that are not declared above

    def __getattr__(name):
        """Load a function at its first use (PEP 562): most commands need a few of them."""
        from importlib import import_module

        if name not in MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        function = globals()[name] = getattr(import_module(MODULES[name]), name)
        return function
