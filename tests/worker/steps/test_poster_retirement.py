"""Retirement of posters: each takes its share of jobs, and the posts go on with its successor."""

from dataclasses import replace

import pytest

from schedbot.session import Session
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("share", [1, 5])
def test_pool_goes_on_when_all_posters_retire(app: App, monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    """All in one turn: there are more jobs due than the shares of all posters together."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    app.add_due_jobs(2 * share + 2)
    session = Session(replace(app.settings, processes=2, jobs_per_poster=share), app.db, app.clock)
    assert Pool(session, drain=True).run() == {"succeeded": 2 * share + 2}
    assert len(app.posts()) == 2 * share + 2
