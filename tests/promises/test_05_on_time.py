"""Promise 5: a running pool starts each post at its instant, and changes apply to queued jobs."""

from tests.support.app import App, now_ms, rfc3339, until
from tests.support.sql import read_rows, read_value

SECOND = 1_000


def add_due_soon(app: App, name: str, seconds: int, **fields: str) -> int:
    """Add a schedule that is due in `seconds`, and return the instant. Within the look-ahead no tick is needed."""
    due_at = (now_ms() // SECOND + seconds) * SECOND
    app.add_schedule(name, None, at=rfc3339(due_at), **fields)
    return due_at


def open_jobs(app: App) -> list[str]:
    """Return the schedules of queued and running jobs."""
    rows = read_rows(
        app.db,
        "SELECT s.name FROM jobs j JOIN schedules s ON s.id = j.schedule_id WHERE j.state IN ('queued', 'running')",
    )
    return [row[0] for row in rows]


def test_running_pool_posts_at_the_instant(app: App) -> None:
    pool = app.start("work")
    lateness = []
    for attempt in range(1, 4):  # a busy machine is late now and then
        due_at = add_due_soon(app, f"report-{attempt}", 5)
        until(lambda: app.states() == {"succeeded": attempt}, within=40)  # noqa: B023
        lateness.append(app.slack.requests("chat.postMessage")[-1]["at_ms"] - due_at)
        if lateness[-1] < 1_500:
            break
    assert min(lateness) >= 0
    assert lateness[-1] < 1_500
    pool.terminate()


def test_add_wakes_an_idle_pool(app: App) -> None:
    app.start("work")
    until(lambda: read_rows(app.db, "SELECT 1 FROM heartbeats WHERE kind = 'pool'"))
    add_due_soon(app, "report", 2)
    assert app.states() != {}
    until(lambda: app.slack.texts() == ["report"], within=20)


def test_pause_and_remove_cancel_queued_jobs(app: App) -> None:
    for name in ("paused", "removed", "active"):
        add_due_soon(app, name, 60)
    assert app.run("pause", "paused").returncode == 0
    assert app.run("remove", "removed", "--yes").returncode == 0
    assert open_jobs(app) == ["active"]


def test_edited_text_is_posted(app: App) -> None:
    app.add_due_jobs(1)
    assert app.run("edit", "report-0", "--text", "corrected").returncode == 0
    app.work()
    assert app.slack.texts() == ["corrected"]


def test_edited_time_cancels_the_queued_job(app: App) -> None:
    add_due_soon(app, "report", 60)
    before = now_ms()
    assert app.run("edit", "report", "--at", rfc3339(before + 30_000)).returncode == 0
    rows = read_rows(app.db, "SELECT state, due_at > :now FROM jobs ORDER BY due_at", {"now": before})
    assert rows == [("queued", 1), ("cancelled", 1)]


def test_resume_makes_no_past_occurrence(app: App) -> None:
    start = now_ms()
    app.add_schedule("report", as_of=start - 600_000, cron="* * * * *")
    app.run("pause", "report")
    assert app.run("resume", "report").returncode == 0
    app.tick()
    assert read_value(app.db, "SELECT min(due_at) FROM jobs WHERE state = 'queued'") > start
