"""`stats`: posts, failures, retries, lateness and rendering time by time or by a key."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.rules.histogram import percentile, percentiles
from schedbot.session import Session
from schedbot.store.operations import rollups
from schedbot.store.operations.rollups import Key, ResultCount

BY_TIME = ("day", "hour")
BY = (*BY_TIME, "account", "workspace", "channel", "schedule", "report", "error")


class StatsRow(NamedTuple):
    """Counts and percentiles of the jobs with one key. The fields are those of `stats --json`."""

    by: str
    key: str
    posts: int
    failed: int
    retried: int
    missed: int
    lateness_p50_ms: int | None
    lateness_p95_ms: int | None
    lateness_p99_ms: int | None
    render_p95_ms: int | None


Buckets = dict[int, int]  # number of results by the least milliseconds; -1: without a duration


def compute(session: Session, by: str, since: int) -> list[StatsRow]:
    """Return a row for each key: times in order, else those with the most results first. Rows of zeros are left out."""
    with session.db.reading():
        counts = count_by(session, by, since)
    rows = [to_row(by, key, buckets) for key, buckets in counts.items()]
    rows = [row for row in rows if row.posts or row.failed or row.retried or row.missed]
    if by in BY_TIME:
        return sorted(rows, key=lambda row: row.key)
    return sorted(rows, key=lambda row: (-(row.posts + row.failed + row.missed), -row.retried, row.key))


def count_by(session: Session, by: str, since: int) -> dict[str, dict[str, Buckets]]:
    """Return the buckets of each measure by the texts of the keys."""
    db, zone = session.db, session.local_zone
    if by == "error":
        return group(rollups.count_by_error(db, since), lambda error: error)
    if by in BY_TIME:
        return group(rollups.count_by_hour(db, since), lambda at: time_key(by, at, zone))
    return group(rollups.count_by_schedule(db, since), rollups.list_keys(db, by).__getitem__)


def group(counts: Iterable[ResultCount[Key]], name: Callable[[Key], str]) -> dict[str, dict[str, Buckets]]:
    """Return the sums of the counts by the names of their keys. There may be a million of them."""
    sums: dict[Key, dict[str, Buckets]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    named: dict[str, dict[str, Buckets]] = {}
    for key, measure, bucket, count in counts:
        if key not in sums:
            sums[key] = named.setdefault(name(key), sums[key])
        sums[key][measure][bucket] += count
    return named


def to_row(by: str, key: str, buckets: Mapping[str, Buckets]) -> StatsRow:
    """Return the row of a key."""
    totals = {measure: sum(counts.values()) for measure, counts in buckets.items()}
    p50, p95, p99 = percentiles(buckets.get("posts", {}), (50, 95, 99))
    return StatsRow(
        by,
        key,
        posts=totals.get("posts", 0),
        failed=totals.get("failed", 0),
        retried=totals.get("retried", 0),
        missed=totals.get("missed", 0),
        lateness_p50_ms=p50,
        lateness_p95_ms=p95,
        lateness_p99_ms=p99,
        render_p95_ms=percentile(buckets.get("render", {}), 95),
    )


def time_key(by: str, at: int, zone: ZoneInfo) -> str:
    """Return the key of an hour: its instant in UTC, or its day in the zone of the terminal."""
    return times.to_rfc3339(at) if by == "hour" else times.to_local_rfc3339(at, zone)[:10]


def to_json(row: StatsRow) -> dict[str, Any]:
    """Return the object of a row."""
    return row._asdict()
