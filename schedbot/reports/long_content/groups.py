"""Groups of a block's parts, each within the limits of one block."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from schedbot.rules.block_kit.measure import text_length


def group_by_length(parts: Sequence[Any], room: int, most: int = sys.maxsize) -> Iterator[list[Any]]:
    """Yield the parts in groups of at most `room` characters and `most` parts. A longer part is a group by itself."""
    group: list[Any] = []
    length = 0
    for part in parts:
        part_length = text_length(part)
        if group and (len(group) >= most or length + part_length > room):
            yield group
            group, length = [], 0
        group.append(part)
        length += part_length
    if group:
        yield group
