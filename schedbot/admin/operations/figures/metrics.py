"""Figures of the installation as metrics of Prometheus.

All come from the database, so that they outlive pools and are the same from every process.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from schedbot.rules.histogram import accumulate
from schedbot.session import Session
from schedbot.store.operations import heartbeats, rollups
from schedbot.store.operations.health import count_by_state, find_oldest_due
from schedbot.store.operations.rollups import BucketTotal

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

Buckets = list[tuple[str, float]]


class InstallationCollector:
    """Collector of prometheus_client that reads the figures at each scrape."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics of one commit."""
        with self._session.db.reading():
            yield from collect_gauges(self._session)
            yield from collect_results(self._session)


def build_registry(session: Session) -> "CollectorRegistry":
    """Return a registry with the metrics of the installation alone."""
    from prometheus_client.registry import CollectorRegistry

    registry = CollectorRegistry(auto_describe=False)
    registry.register(InstallationCollector(session))
    return registry


def render(session: Session) -> str:
    """Return the metrics in Prometheus' text format."""
    from prometheus_client.exposition import generate_latest

    return generate_latest(build_registry(session)).decode()


def collect_gauges(session: Session) -> "Iterator[Metric]":
    """Yield queue, oldest due job, ages of tick and pool, and size of the database."""
    from prometheus_client.core import GaugeMetricFamily

    db, now = session.db, session.now()
    queue = GaugeMetricFamily("schedbot_queue_jobs", "Jobs that are not settled, by state.", labels=["state"])
    for state, count in count_by_state(db).items():
        queue.add_metric([state], count)
    yield queue
    oldest = find_oldest_due(db)
    waited_ms = 0 if oldest is None else max(0, now - oldest)
    yield GaugeMetricFamily("schedbot_oldest_due_seconds", "Wait of the oldest due job.", waited_ms / 1000)
    for kind in ("tick", "pool"):
        beat_at = heartbeats.get_last_beat(db, kind, now)
        if beat_at is not None:
            age = max(0, now - beat_at) / 1000
            yield GaugeMetricFamily(f"schedbot_{kind}_age_seconds", f"Time since the last {kind} was alive.", age)
    yield GaugeMetricFamily("schedbot_database_bytes", "Size of the database's files.", count_bytes(session))


def count_bytes(session: Session) -> int:
    """Return the size of the database and of SQLite's log beside it."""
    path = session.db.path
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def collect_results(session: Session) -> "Iterator[Metric]":
    """Yield posts by outcome and workspace, lateness, and rendering time by report."""
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    outcomes = CounterMetricFamily(
        "schedbot_posts", "Ended attempts to post, by outcome.", labels=["outcome", "workspace"]
    )
    totals: Counter[tuple[str, str]] = Counter()  # a removed workspace may have had the same name
    for each in rollups.list_outcomes(session.db):
        totals[each.outcome, each.workspace] += each.count
    for labels, count in totals.items():
        outcomes.add_metric(list(labels), count)
    yield outcomes
    lateness = HistogramMetricFamily("schedbot_lateness_seconds", "Time from due to posted.")
    lateness.add_metric([], *to_histogram(rollups.list_lateness(session.db)))
    yield lateness
    rendering = HistogramMetricFamily("schedbot_render_seconds", "Time to render a named report.", labels=["report"])
    by_report = defaultdict(list)
    for total in rollups.list_renderings(session.db):
        by_report[total.key].append(total)
    for report, buckets in sorted(by_report.items()):
        rendering.add_metric([report], *to_histogram(buckets))
    yield rendering


def to_histogram(totals: Sequence[BucketTotal]) -> tuple[Buckets, float]:
    """Return the cumulated buckets, and the sum, both in seconds."""
    counts = {total.bucket: total.count for total in totals}
    buckets = [(f"{bound / 1000:g}", float(count)) for bound, count in accumulate(counts)]
    return [*buckets, ("+Inf", float(sum(counts.values())))], sum(total.total_ms for total in totals) / 1000
