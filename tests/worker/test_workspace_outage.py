"""Outage of a single workspace: the others' posts are on time, and probes go to another workspace."""

import pytest

from schedbot.store.jobs import outage
from tests.support.app import App, now_ms, rfc3339, until
from tests.support.sql import read_row

pytestmark = pytest.mark.slow


def add_jobs_at(app: App, workspace: str, count: int, at: int) -> None:
    """Add `count` jobs of a workspace that are due at an instant, one per channel."""
    for number in range(count):
        channel = f"C{'19'[workspace == 'default']}{number:09d}"
        fields = {"workspace": workspace, "channel": channel, "at": rfc3339(at)}
        app.add_schedule(f"{workspace}-{number}", as_of=at - 30_000, **fields)
    app.tick(at)


def take_down(app: App, workspace: str) -> None:
    app.slack.order("status", status=503, workspace=workspace, method="*", times="forever")


def test_workspace_without_answers_delays_no_other(app: App) -> None:
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    take_down(app, "globex")
    start = now_ms() // 1000 * 1000
    add_jobs_at(app, "default", 1, start)
    app.start("work", GLOBEX_TOKEN="xoxb-sandbox-globex")
    until(lambda: app.states() == {"succeeded": 1})
    add_jobs_at(app, "globex", 30, (soon := now_ms() // 1000 * 1000 + 1_000))
    for number in range(1, 4):
        app.add_schedule(f"later-{number}", as_of=soon - 30_000, at=rfc3339(soon + number * 1_000))
    app.tick(soon)
    until(lambda: app.states() == {"succeeded": 4, "unknown": 30})
    later = [job["lateness_ms"] for job in app.audit() if job["schedule"].startswith("later-")]
    assert max(later) < 1_000


def test_pool_started_in_outage_probes_other_workspace(
    app: App,
) -> None:
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    [first, name] = read_row(app.db, "SELECT id, name FROM workspaces ORDER BY id LIMIT 1") or ()
    take_down(app, "globex" if name == "globex" else "acme")
    at = now_ms() // 1000 * 1000
    add_jobs_at(app, "default", 3, at)
    add_jobs_at(app, "globex", 3, at)
    with app.db.writing():
        outage.save_failures(app.db, 7, first, at)
    app.start("work", "--drain", GLOBEX_TOKEN="xoxb-sandbox-globex")
    until(lambda: app.states() == {"succeeded": 3, "unknown": 3})
