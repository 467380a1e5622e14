"""Promise 2: after downtime the misfire policy decides which posts are late, and the rest is recorded as missed."""

import pytest

from schedbot.admin.schedules import edit, pause, remove, selection
from tests.support.app import App
from tests.support.sql import read_rows

HOUR = 3_600_000
NINE = 1_795_597_200_000  # 2026-11-25 09:00 UTC


def jobs(app: App) -> list[tuple[str, int]]:
    """Return state and due_at of all jobs, in hours after nine."""
    rows = read_rows(app.db, "SELECT state, due_at FROM jobs ORDER BY due_at")
    return [(state, (due_at - NINE) // HOUR) for state, due_at in rows]


def skip_ticks_from_nine(app: App, hours: int, **fields: str) -> None:
    """Add an hourly schedule at nine, and run the next tick `hours` and a half later."""
    app.add_schedule("hourly", as_of=NINE, cron="0 * * * *", **fields)
    app.tick(at=NINE + hours * HOUR + HOUR // 2)


@pytest.mark.parametrize(
    ("misfire", "run"),
    [
        pytest.param("latest", [3], id="latest posts the newest"),
        pytest.param("all", [1, 2, 3], id="all posts each"),
        pytest.param("skip", [], id="skip posts none"),
    ],
)
def test_policy_decides_which_posts_are_late(app: App, misfire: str, run: list[int]) -> None:
    skip_ticks_from_nine(app, 3, misfire=misfire)
    assert jobs(app) == [("queued" if hour in run else "missed", hour) for hour in (1, 2, 3)]


def test_occurrence_older_than_the_grace_is_missed(app: App) -> None:
    skip_ticks_from_nine(app, 5, misfire="all", grace="2h")
    assert jobs(app) == [("missed", 1), ("missed", 2), ("missed", 3), ("queued", 4), ("queued", 5)]


def test_occurrence_up_to_a_minute_late_is_on_time(app: App) -> None:
    app.add_schedule("hourly", as_of=NINE, cron="0 * * * *", misfire="skip")
    app.tick(at=NINE + HOUR + 59_000)
    assert jobs(app) == [("queued", 1)]


def test_fortnight_of_downtime_posts_once(app: App) -> None:
    app.add_schedule("often", as_of=NINE, cron="*/5 * * * *")
    result = app.tick(at=NINE + 14 * 24 * HOUR + 120_000)
    assert (result.enqueued, result.missed) == (1, 14 * 24 * 12 - 1)


@pytest.mark.parametrize("action", ["edit", "pause", "remove"])
def test_change_before_the_first_tick_keeps_missed_occurrences(app: App, action: str) -> None:
    app.add_schedule("hourly", as_of=NINE, cron="0 * * * *")
    session = app.session(NINE + 3 * HOUR + HOUR // 2)
    if action == "edit":
        edit.edit(session, "hourly", {"cron": "0 9 * * *"})
    elif action == "pause":
        pause.pause(session, ["hourly"], "", "")
    else:
        remove.remove(session, selection.find_all(session.db, ["hourly"]).schedules)
    app.tick(at=NINE + 4 * HOUR)
    assert jobs(app) == [("missed", 1), ("missed", 2), ("cancelled", 3)]


def test_job_queued_past_its_grace_is_missed(app: App) -> None:
    app.add_due_jobs(1, grace="0s")
    app.work()
    assert app.states() == {"missed": 1}
    assert app.posts() == []
    assert [job["error"] for job in app.audit()] == ["deadline"]
