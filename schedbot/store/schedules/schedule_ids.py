"""Ids of schedules: UUIDs of version 7, so that rows which are written together are stored together (RFC 9562)."""

import secrets
import uuid
from collections.abc import Iterator
from itertools import count


def new_id(now: int) -> str:
    """Return a new id. `now`: UTC milliseconds."""
    bits = now << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))


def ascending_ids(now: int) -> Iterator[str]:
    """Yield new ids, each greater than the one before: the rows of many schedules are stored in their order."""
    head = new_id(now)[:24]
    return (f"{head}{node:012x}" for node in count(secrets.randbits(47), secrets.randbits(20) + 1))
