"""Histograms of the roll-ups: buckets are the same in SQL and in Python, and percentiles are near the true ones."""

import random
from collections import Counter

import apsw
import pytest

from schedbot.rules.histogram import BOUNDS_MS, accumulate, bucket_width, percentile
from schedbot.store.history.result_counts import BUCKET_SQL

VALUES = [*range(250), *(10**power + step for power in range(2, 8) for step in (-1, 0, 1)), 1_234, 49_999, 123_456_789]


def buckets_of(values: list[int]) -> list[int]:
    connection = apsw.Connection(":memory:")
    sql = f"SELECT {BUCKET_SQL.format('value')} FROM json_each(?)"  # noqa: S608
    return [int(str(row[0])) for row in connection.execute(sql, (str(values),))]


def test_bucket_holds_its_value() -> None:
    for value, bucket in zip(VALUES, buckets_of(VALUES), strict=True):
        assert bucket <= value < bucket + bucket_width(bucket), value


def test_bounds_are_edges_of_buckets() -> None:
    assert buckets_of(list(BOUNDS_MS)) == list(BOUNDS_MS)


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_percentile_is_near_the_true_one(percent: int) -> None:
    chance = random.Random(7)
    values = sorted(int(chance.lognormvariate(5, 1.5)) for _ in range(5_000))
    true = values[-(-len(values) * percent // 100) - 1]
    estimate = percentile(Counter(buckets_of(values)), percent)
    assert estimate == pytest.approx(true, rel=0.1)


def test_percentile_of_nothing_is_unknown() -> None:
    assert percentile({}, 95) is None
    assert percentile({-1: 5}, 95) is None


def test_cumulated_counts_end_with_all() -> None:
    counts = dict(accumulate({0: 3, 10: 2, 900: 1, -1: 9}))
    assert (counts[10], counts[20], counts[1_000], counts[20_000_000]) == (3, 5, 6, 6)
