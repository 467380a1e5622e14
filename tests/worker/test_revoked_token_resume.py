"""A revoked token pauses its workspace; after the resume the jobs that waited are posted, past their first grace too."""

import pytest

from tests.support.app import App, now_ms, rfc3339
from tests.support.sql import read_value

pytestmark = pytest.mark.slow


def test_jobs_of_a_revoked_token_are_posted_after_the_resume(app: App) -> None:
    due_at = now_ms() // 1000 * 1000
    for number in range(3):
        fields = {"channel": f"C{number:010d}", "at": rfc3339(due_at), "grace": "1h"}
        app.add_schedule(f"report-{number}", as_of=due_at - 30_000, **fields)
    app.tick(due_at)
    app.slack.order("error", method="chat.postMessage", code="token_revoked", times=3)
    app.work()
    assert read_value(app.db, "SELECT stops_grace FROM workspaces") == 1
    ten_hours_ms = 36_000_000
    with app.db.writing():  # as if ten hours had passed
        app.db.execute("UPDATE workspaces SET paused_at = paused_at - :ms", {"ms": ten_hours_ms})
        app.db.execute(
            "UPDATE jobs SET deadline_at = deadline_at - :ms, available_at = available_at - :ms", {"ms": ten_hours_ms}
        )
    assert app.run("workspace", "resume", "default").stdout == "Resumed workspace 'default': 3 jobs will be sent.\n"
    done = app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 3}, 3), done.stderr
