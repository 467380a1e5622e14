"""Instants of change records."""

from datetime import datetime


def to_instant(text: object) -> int | None:
    """Return the UTC milliseconds of RFC 3339, or None for None."""
    return None if text is None else round(datetime.fromisoformat(str(text)).timestamp() * 1000)
