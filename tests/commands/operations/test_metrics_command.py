"""`schedbot metrics` and `work --metrics-port` give what Prometheus reads."""

import socket
import stat
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schedbot.errors import SchedbotError
from tests.support.app import App, until

NAMES = {
    "schedbot_queue_jobs",
    "schedbot_oldest_due_seconds",
    "schedbot_lateness_seconds",
    "schedbot_posts",
    "schedbot_render_seconds",
    "schedbot_tick_age_seconds",
    "schedbot_pool_age_seconds",
    "schedbot_database_bytes",
}


def parse(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the samples by name and values of labels."""
    families = list(text_string_to_metric_families(text))
    return {
        (sample.name, tuple(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_pool_serves_the_metrics_of_its_posts(app: App) -> None:
    app.slack.order("error", code="is_archived", channel="C0000000002")
    app.add_due_jobs(3)
    app.tick()
    port = free_port()
    app.start("work", "--metrics-port", str(port))
    url = f"http://127.0.0.1:{port}/metrics"

    def scrape() -> str:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            return ""

    until(lambda: app.states() == {"succeeded": 2, "failed": 1})
    text = until(scrape)
    assert {family.name for family in text_string_to_metric_families(text)} == NAMES
    samples = parse(text)
    assert samples["schedbot_posts_total", ("posted", "default")] == 2
    assert samples["schedbot_posts_total", ("channel_refused", "default")] == 1
    assert samples["schedbot_lateness_seconds_count", ()] == 2
    assert samples["schedbot_queue_jobs", ("queued",)] == 0
    assert samples["schedbot_pool_age_seconds", ()] < 60
    second = app.run("work", "--drain", "--metrics-port", str(port))
    assert second.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in second.stderr


def test_file_is_replaced_in_one_step(app: App, tmp_path: Path) -> None:
    target = tmp_path / "schedbot.prom"
    target.write_text("old")
    before = target.stat().st_ino
    result = app.run("metrics", "--output", str(target))
    assert result.returncode == 0, result.stderr
    assert target.stat().st_ino != before
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert parse(target.read_text())["schedbot_database_bytes", ()] > 0
    assert [path.name for path in tmp_path.iterdir() if "prom" in path.name] == ["schedbot.prom"]


def test_unwritable_file_is_said(app: App) -> None:
    result = app.run("metrics", "--output", "nowhere/schedbot.prom")
    assert result.returncode == SchedbotError.code
    assert "cannot be written: no such file or directory" in result.stderr
