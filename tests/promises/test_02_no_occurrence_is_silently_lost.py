"""Promise 2: the machine was off; the policy says what is posted late, the rest is on record as missed."""

import pytest

from schedbot.admin.schedules import edit, lookup, pause, remove
from tests.support.app import App
from tests.support.sql import read_rows

HOUR = 3_600_000
NINE = 1_795_597_200_000  # 2026-11-25 09:00 UTC


def jobs(app: App) -> list[tuple[str, int]]:
    """State and due_at, in hours after nine."""
    rows = read_rows(app.db, "SELECT state, due_at FROM jobs ORDER BY due_at")
    return [(state, (due_at - NINE) // HOUR) for state, due_at in rows]


def off_from_nine(app: App, hours: int, **fields: str) -> None:
    """An hourly schedule; the last tick ran just after nine, the next one `hours` later, at half past."""
    app.add_schedule("hourly", as_of=NINE, cron="0 * * * *", **fields)
    app.tick(at=NINE + hours * HOUR + HOUR // 2)


@pytest.mark.parametrize(
    ("misfire", "run"),
    [
        pytest.param("latest", [3], id="latest posts the newest missed occurrence"),
        pytest.param("all", [1, 2, 3], id="all posts each"),
        pytest.param("skip", [], id="skip posts none"),
    ],
)
def test_the_policy_decides_what_is_posted_late(app: App, misfire: str, run: list[int]) -> None:
    off_from_nine(app, 3, misfire=misfire)
    assert jobs(app) == [("queued" if hour in run else "missed", hour) for hour in (1, 2, 3)]


def test_what_is_older_than_the_grace_is_missed(app: App) -> None:
    off_from_nine(app, 5, misfire="all", grace="2h")
    assert jobs(app) == [("missed", 1), ("missed", 2), ("missed", 3), ("queued", 4), ("queued", 5)]


def test_an_occurrence_up_to_a_minute_late_is_on_time_whatever_the_policy(app: App) -> None:
    app.add_schedule("hourly", as_of=NINE, cron="0 * * * *", misfire="skip")
    app.tick(at=NINE + HOUR + 59_000)
    assert jobs(app) == [("queued", 1)]


def test_a_fortnight_off_posts_once_and_accounts_for_the_rest(app: App) -> None:
    app.add_schedule("often", as_of=NINE, cron="*/5 * * * *")
    ticked = app.tick(at=NINE + 14 * 24 * HOUR + 120_000)
    assert (ticked.enqueued, ticked.missed) == (1, 14 * 24 * 12 - 1)


@pytest.mark.parametrize("turn", ["edit", "pause", "remove"])
def test_what_fell_due_while_it_was_off_is_on_record_though_a_person_came_before_the_tick(app: App, turn: str) -> None:
    app.add_schedule("hourly", as_of=NINE, cron="0 * * * *")
    there = app.session(NINE + 3 * HOUR + HOUR // 2)
    if turn == "edit":
        edit.edit(there, "hourly", {"cron": "0 9 * * *"})
    elif turn == "pause":
        pause.pause(there, ["hourly"], "", "")
    else:
        remove.remove(there, lookup.chosen(there.db, ["hourly"]).schedules)
    app.tick(at=NINE + 4 * HOUR)
    assert jobs(app) == [("missed", 1), ("missed", 2), ("cancelled", 3)]


def test_a_job_that_waited_past_its_grace_is_missed_and_not_posted(app: App) -> None:
    app.add_due_jobs(1, grace="0s")
    app.work()
    assert app.states() == {"missed": 1}
    assert app.posts() == []
    assert [job["error"] for job in app.audit()] == ["deadline"]
