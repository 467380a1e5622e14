"""`schedbot metrics` and `work --metrics-port` give what Prometheus reads."""

import shutil
import socket
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schedbot.admin.operations.figures import metrics
from schedbot.errors import SchedbotError
from tests.support.app import App, until
from tests.support.command_line import Run
from tests.support.job_history import HOUR, JobHistory, new_job_history

EXPORTER = "prometheus-node-exporter"
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


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    """A database with two posts."""
    with new_job_history(tmp_path) as history:
        schedule = history.add_schedule("daily")
        for number in range(2):
            job = history.add_job(schedule, "succeeded", ago_ms=(number + 1) * HOUR, ts="1.0")
            history.add_attempt(job, outcome="posted", ts="1.0")
        yield history


def fetch(url: str) -> str:
    """Return the page; '' while nobody serves it."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return str(response.read().decode())
    except OSError:
        return ""


@pytest.mark.slow
def test_pool_serves_the_metrics_of_its_posts(app: App) -> None:
    app.slack.order("error", code="is_archived", channel="C0000000002")
    app.add_due_jobs(3)
    app.tick()
    port = free_port()
    app.start("work", "--metrics-port", str(port))
    url = f"http://127.0.0.1:{port}/metrics"

    until(lambda: app.states() == {"succeeded": 2, "failed": 1})
    text = until(lambda: fetch(url))
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


@pytest.mark.skipif(not shutil.which(EXPORTER), reason=f"apt-get install {EXPORTER}")
def test_node_exporter_serves_the_written_file(history: JobHistory, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "textfiles"
    folder.mkdir()
    database = str(history.db.path)
    assert run("--database", database, "metrics", "--output", str(folder / "schedbot.prom")).returncode == 0
    address = f"127.0.0.1:{free_port()}"
    options = [f"--collector.textfile.directory={folder}", f"--web.listen-address={address}"]
    options += ["--collector.disable-defaults", "--collector.textfile"]
    exporter = subprocess.Popen([EXPORTER, *options], stderr=subprocess.DEVNULL)
    try:
        served = until(lambda: fetch(f"http://{address}/metrics"))
    finally:
        exporter.kill()
        exporter.wait()
    assert parse(served)["node_textfile_scrape_error", ()] == 0
    samples = {key: value for key, value in parse(served).items() if key[0].startswith("schedbot_")}
    assert samples == parse((folder / "schedbot.prom").read_text())
    assert samples["schedbot_posts_total", ("posted", "acme")] == 2


@pytest.mark.skipif(not shutil.which("promtool"), reason="apt-get install prometheus")
def test_promtool_finds_nothing_wrong(history: JobHistory) -> None:
    text = metrics.render(history.session)
    assert 'schedbot_posts_total{outcome="posted",workspace="acme"} 2.0' in text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_unwritable_file_is_said(app: App) -> None:
    result = app.run("metrics", "--output", "nowhere/schedbot.prom")
    assert result.returncode == SchedbotError.code
    assert "cannot be written: no such file or directory" in result.stderr
