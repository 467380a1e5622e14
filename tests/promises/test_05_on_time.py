"""Promise 5: a running pool starts each post at its instant; a change takes effect on what waits."""

from tests.support.app import House, now_ms, rfc3339, until

SECOND = 1_000


def soon(house: House, name: str, seconds: int, **fields: str) -> int:
    """Add a schedule that is due in some seconds, and say when. It is within the look-ahead, so no tick is needed."""
    due_at = (now_ms() // SECOND + seconds) * SECOND
    house.schedule(name, None, at=rfc3339(due_at), **fields)
    return due_at


def waiting(house: House) -> list[str]:
    rows = house.db.rows(
        "SELECT s.name FROM jobs j JOIN schedules s ON s.id = j.schedule_id WHERE j.state IN ('queued', 'running')"
    )
    return [row[0] for row in rows]


def test_a_running_pool_posts_at_the_instant_and_never_before(house: House) -> None:
    pool = house.start("work")
    due_at = soon(house, "report", 5)
    until(lambda: house.states() == {"succeeded": 1}, within=20)
    [request] = house.slack.requests("chat.postMessage")
    assert 0 <= request["at_ms"] - due_at < 1_500
    pool.terminate()


def test_an_add_wakes_a_pool_that_waits(house: House) -> None:
    house.start("work")
    until(lambda: house.db.rows("SELECT 1 FROM heartbeats WHERE kind = 'pool'"))
    soon(house, "report", 2)
    assert house.states() != {}
    until(lambda: house.slack.texts() == ["report"], within=20)


def test_a_pause_and_a_removal_stop_what_waits(house: House) -> None:
    for name in ("paused", "removed", "kept"):
        soon(house, name, 60)
    assert house.run("pause", "paused").returncode == 0
    assert house.run("remove", "removed", "--yes").returncode == 0
    assert waiting(house) == ["kept"]


def test_an_edit_of_the_text_is_what_is_posted(house: House) -> None:
    house.due_now(1)
    assert house.run("edit", "report-0", "--text", "corrected").returncode == 0
    house.work()
    assert house.slack.texts() == ["corrected"]


def test_an_edit_of_the_rule_drops_what_waits_and_fires_nothing_past(house: House) -> None:
    soon(house, "report", 60)
    before = now_ms()
    assert house.run("edit", "report", "--at", rfc3339(before + 30_000)).returncode == 0
    rows = house.db.rows("SELECT state, due_at > :now FROM jobs ORDER BY due_at", {"now": before})
    assert rows == [("queued", 1), ("cancelled", 1)]


def test_a_resume_takes_up_only_what_is_still_to_come(house: House) -> None:
    start = now_ms()
    house.schedule("report", as_of=start - 600_000, cron="* * * * *")
    house.run("pause", "report")
    assert house.run("resume", "report").returncode == 0
    house.tick()
    assert house.db.value("SELECT min(due_at) FROM jobs WHERE state = 'queued'") > start
