"""`stats`: posts, failures, retries, lateness and rendering time by time or by a key."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.rules.histogram import percentile
from schedbot.session import Session
from schedbot.store.operations import rollups
from schedbot.store.operations.rollups import ResultCount

BY_TIME = ("day", "hour")
BY = (*BY_TIME, "account", "workspace", "channel", "schedule", "report", "error")


@dataclass(frozen=True, slots=True)
class StatsRow:
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


@dataclass(slots=True)
class Buckets:
    """Counts of one key: totals by measure, and buckets of lateness and rendering."""

    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lateness: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    rendering: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, count: ResultCount) -> None:
        """Add a count of the database."""
        self.totals[count.measure] += count.count
        if count.measure in ("posts", "render"):
            buckets = self.lateness if count.measure == "posts" else self.rendering
            buckets[count.bucket] += count.count

    def to_row(self, by: str, key: str) -> StatsRow:
        """Return the row of the key."""
        return StatsRow(
            by,
            key,
            posts=self.totals["posts"],
            failed=self.totals["failed"],
            retried=self.totals["retried"],
            missed=self.totals["missed"],
            lateness_p50_ms=percentile(self.lateness, 50),
            lateness_p95_ms=percentile(self.lateness, 95),
            lateness_p99_ms=percentile(self.lateness, 99),
            render_p95_ms=percentile(self.rendering, 95),
        )


def compute(session: Session, by: str, since: int) -> list[StatsRow]:
    """Return a row for each key: times in order, else those with the most results first. Rows of zeros are left out."""
    counts = rollups.count_by_hour(session.db, since) if by in BY_TIME else rollups.count_by_key(session.db, by, since)
    groups: dict[str, Buckets] = defaultdict(Buckets)
    zone = session.local_zone
    hours = {at: time_key(by, at, zone) for at in {count.at for count in counts}} if by in BY_TIME else {}
    for count in counts:
        groups[hours.get(count.at, count.key)].add(count)
    rows = [buckets.to_row(by, key) for key, buckets in groups.items()]
    rows = [row for row in rows if row.posts or row.failed or row.retried or row.missed]
    if by in BY_TIME:
        return sorted(rows, key=lambda row: row.key)
    return sorted(rows, key=lambda row: (-(row.posts + row.failed + row.missed), -row.retried, row.key))


def time_key(by: str, at: int, zone: ZoneInfo) -> str:
    """Return the key of an hour: its instant in UTC, or its day in the zone of the terminal."""
    return times.to_rfc3339(at) if by == "hour" else times.to_local_rfc3339(at, zone)[:10]


def to_json(row: StatsRow) -> dict[str, Any]:
    """Return the object of a row."""
    return asdict(row)
