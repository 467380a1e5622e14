"""`workspace add --token-store`: a workspace of an app's installation store, from its options to its posts."""

import json

import pytest

from tests.support import token_stores
from tests.support.app import App, now_ms, rfc3339, until
from tests.support.token_stores import CLIENT_ID, install

FIRST, SECRET = "xoxe-1-acme-1", "hunter2"


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


def test_restore_refreshes_an_expired_token(app: App) -> None:
    store, target = app.folder / "store.db", app.folder / "backup.db"
    app.add_due_jobs(1)
    now_s = now_ms() // 1000
    install(token_stores.open_sqlite(store), "T0ACME", "xoxb-sandbox-acme", now_s - 60, refresh=FIRST)
    token_stores.age(store)
    words = ("--token-store", str(store), "--team", "T0ACME", "--client-id", CLIENT_ID)
    secret = ("--client-secret-env", "SLACK_CLIENT_SECRET")
    assert app.run("workspace", "edit", "default", *words, *secret, SLACK_CLIENT_SECRET=SECRET).returncode == 0
    assert app.run("backup", str(target)).returncode == 0
    app.db.close()
    restored = app.run("restore", str(target), SLACK_CLIENT_SECRET=SECRET)
    assert (restored.returncode, "1 job not posted yet" in restored.stdout) == (0, True), restored.stdout
    assert [request["text"] for request in app.slack.requests("oauth.v2.access")] == [FIRST]


@pytest.mark.slow
def test_two_pools_of_eight_posters_use_a_refresh_token_once(app: App) -> None:
    store, left_s = app.folder / "store.db", 3_600
    due_at = now_ms() // 1000 * 1000
    install(token_stores.open_sqlite(store), "T0ACME", "xoxb-sandbox-acme", due_at // 1000 + left_s, refresh=FIRST)
    token_stores.age(store)
    words = ("--token-store", str(store), "--team", "T0ACME", "--client-id", CLIENT_ID)
    added = app.run(
        "workspace", "edit", "default", *words, "--client-secret-env", "SLACK_CLIENT_SECRET", SLACK_CLIENT_SECRET=SECRET
    )
    assert added.returncode == 0, added.stderr
    app.add_due_jobs(120)
    pools = [app.start("work", "--processes", "4", SLACK_CLIENT_SECRET=SECRET) for _ in range(2)]
    until(lambda: app.states() == {"succeeded": 120})
    assert [request["text"] for request in app.slack.requests("oauth.v2.access")] == [FIRST]
    assert len(app.posts()) == 120
    checked = json.loads(app.run("workspace", "check", "default", "--json", SLACK_CLIENT_SECRET=SECRET).stdout)
    assert (checked["ok"], checked["problem"]) == (True, None)
    for pool in pools:
        pool.terminate()
    logs = "".join(pool.communicate(timeout=30)[1] for pool in pools)
    assert (logs.count("token_refreshed"), "hunter2" in logs, "xoxe-1" in logs) == (1, False, False)
    assert b"hunter2" not in app.path.read_bytes() + app.path.with_name("schedbot.db-wal").read_bytes()
