"""Histogram of durations in buckets: steps of 2, 5 and 10 % of the next power of ten. Pure.

A bucket is named for its least milliseconds. The tables are filled by triggers of the database, with the same buckets.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

# Bounds of buckets as a monitor wants them, in milliseconds: each is the edge of a bucket.
BOUNDS_MS = (
    *(10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000),
    *(100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000),
)


def bucket_width(bucket: int) -> int:
    """Return the width of a bucket in milliseconds."""
    if bucket < 10:
        return 1
    ten = int(10 ** (len(str(bucket)) - 1))
    if ten > 10**6:
        return 10**7
    return ten // 5 if bucket < 2 * ten else ten // 2 if bucket < 5 * ten else ten


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """Return the value that `percent` % of the values do not exceed, estimated; None without values."""
    return percentiles(counts, (percent,))[0]


def percentiles(counts: Mapping[int, int], percents: Sequence[int]) -> list[int | None]:
    """Return the values that these percentages of the values do not exceed, estimated; None without values."""
    positive = sorted([(bucket, count) for bucket, count in counts.items() if bucket >= 0 and count > 0])
    if not positive:
        return [None for _ in percents]
    passed = list(itertools.accumulate([count for _, count in positive]))
    return [estimate(positive, passed, -(-passed[-1] * percent // 100)) for percent in percents]


def estimate(positive: Sequence[tuple[int, int]], passed: Sequence[int], rank: int) -> int:
    """Return the estimate of the value of a rank. `passed`: the number of values up to each bucket, included."""
    place = bisect_left(passed, rank)
    bucket, count = positive[place]
    return bucket + (bucket_width(bucket) - 1) * (rank - passed[place] + count) // count


def accumulate(counts: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return how many values lie below each of BOUNDS_MS."""
    return [(bound, sum_below(counts.items(), bound)) for bound in BOUNDS_MS]


def sum_below(counts: Iterable[tuple[int, int]], bound: int) -> int:
    return sum(count for bucket, count in counts if 0 <= bucket < bound)
