"""Children that cannot be started: a drain ends and says why, and `health` of a service fails."""

import os

import pytest

from tests.support.app import App, until
from tests.support.failing_pools import run_limited
from tests.support.source_code import ROOT
from tests.support.sql import read_rows


def spoil_module(app: App, name: str) -> str:
    """Make a module unloadable, as too little memory does. Return the PYTHONPATH of a command that meets it."""
    module = app.folder / "spoilt" / name
    module.mkdir(parents=True)
    (module / "__init__.py").write_text("raise MemoryError('too little')")
    return os.pathsep.join([str(module.parent), str(ROOT)])


@pytest.mark.slow
def test_drain_without_children_ends_and_says_why(app: App) -> None:
    app.add_due_jobs(1)
    path = spoil_module(app, "slack_sdk")
    done = app.run("work", "--drain", "--processes", "1", within=90, PYTHONPATH=path)
    assert (done.returncode, app.states()) == (1, {"queued": 1}), done.stderr
    error, hint = done.stderr.splitlines()[-2:]
    assert error.startswith("Error: No process that posts can be started, so nothing is posted.")
    assert "The last failed: MemoryError" in error
    assert "Traceback" not in done.stderr
    assert "ulimit -v" in hint
    assert app.work().returncode == 0
    assert app.states() == {"succeeded": 1}


@pytest.mark.slow
def test_drain_without_descriptors_for_children_ends(app: App) -> None:
    app.add_due_jobs(1)
    done = run_limited(app, "--nofile=14", "work", "--drain", "--processes", "1", within=90)
    assert (done.returncode, app.states()) == (1, {"queued": 1}), done.stderr
    assert "Too many open files" in done.stderr.splitlines()[-2]


@pytest.mark.slow
def test_service_without_children_fails_in_health(app: App) -> None:
    app.add_due_jobs(1)
    pool = app.start("work", "--processes", "1", PYTHONPATH=spoil_module(app, "slack_sdk"))
    until(lambda: read_rows(app.db, "SELECT code FROM passing_failures") == [("no_posters",)], within=60)
    health = app.run("health")
    assert (health.returncode, health.stdout.startswith("failed:")) == (1, True)
    assert "No process that posts can be started" in health.stdout
    pool.terminate()
    assert pool.wait(timeout=40) == 0


@pytest.mark.slow
def test_drain_whose_renderers_cannot_start_ends(app: App) -> None:
    report = app.folder / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(1, text="", report=str(report))
    app.add_schedule("plain", at="2050-01-01T00:00")
    assert app.run("run-now", "plain").returncode == 0
    done = app.run("work", "--drain", "--processes", "1", within=90, PYTHONPATH=spoil_module(app, "jinja2"))
    assert done.returncode == 1, done.stderr
    assert "No process that renders templates can be started. The last failed: MemoryError: too little" in done.stderr
    assert "Traceback" not in done.stderr
    assert app.states() == {"succeeded": 1, "queued": 1}


@pytest.mark.parametrize(
    "address",
    ["http://[::1/api/", "http:///api/", "https://host:99999/", "http://a b/", "https://host:port/", "https://a..b/"],
)
def test_bad_api_address_is_refused_when_settings_are_read(app: App, address: str) -> None:
    done = app.run("work", "--drain", SCHEDBOT_SLACK_API_URL=address)
    assert (done.returncode, "is not a web address" in done.stderr) == (2, True)
