"""`workspace add --token-store`: a workspace of an app's installation store, from its options to its posts."""

import json

import pytest

from tests.support import token_stores
from tests.support.app import App, now_ms, rfc3339, until
from tests.support.token_stores import CLIENT_ID, install


@pytest.mark.slow
def test_workspace_posts_with_the_token_of_its_team(app: App) -> None:
    store = token_stores.open_sqlite(app.folder / "store.db")
    install(store, "T0GLOBEX", "xoxb-sandbox-globex")
    words = ("--token-store", str(app.folder / "store.db"), "--team", "T0GLOBEX", "--client-id", CLIENT_ID)
    added = app.run("workspace", "add", "globex", *words)
    assert (added.returncode, added.stdout) == (
        0,
        f"Added workspace 'globex' (token: store {app.folder}/store.db team T0GLOBEX).\n",
    )
    checked = json.loads(app.run("workspace", "check", "globex", "--json").stdout)
    assert (checked["ok"], checked["team"]) == (True, "globex")
    due_at = now_ms() // 1000 * 1000
    app.add_schedule("report", as_of=due_at - 30_000, channel="C0GLOBEX001", at=rfc3339(due_at), workspace="globex")
    app.tick(due_at)
    app.start("work")
    until(lambda: app.states() == {"succeeded": 1})
    app.slack.clear()
