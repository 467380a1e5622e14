"""Promise 1: one occurrence, one job, however often, however many at once and however rudely ticks are run."""

import os
import signal

from filelock import FileLock

from schedbot.model import Schedule
from tests.support.app import App, now_ms, until
from tests.support.sql import read_rows, read_value

MINUTE = 60_000


def many(app: App, count: int, as_of: int) -> None:
    for number in range(count):
        app.add_schedule(f"s{number}", as_of=as_of, cron="* * * * *", channel=f"C{number:010d}")


def occurrences(app: App) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in read_rows(app.db, "SELECT schedule_id, due_at FROM jobs")]


def test_a_tick_that_is_repeated_makes_nothing_new(app: App) -> None:
    many(app, 3, as_of=now_ms() - 5 * MINUTE)
    first, second = app.tick(), app.tick()
    assert first.enqueued > 0
    assert (second.enqueued, second.missed, second.skipped) == (0, 0, 0)


def test_ticks_that_run_at_once_make_each_job_once(app: App) -> None:
    many(app, 20, as_of=now_ms() - 5 * MINUTE)
    ticks = [app.start("tick") for _ in range(4)]
    assert [tick.wait(30) for tick in ticks] == [0, 0, 0, 0]
    made = occurrences(app)
    assert len(made) == len(set(made))
    assert {schedule for schedule, _ in made} == {row[0] for row in read_rows(app.db, "SELECT id FROM schedules")}


def test_a_second_tick_leaves_at_once_with_a_word(app: App) -> None:
    many(app, 1, as_of=now_ms() - 5 * MINUTE)
    with FileLock(f"{app.path}-tick.lock"):
        second = app.run("tick")
    assert (second.returncode, second.stderr) == (0, "Another tick is running: nothing to do.\n")


def test_a_tick_that_is_killed_leaves_whole_occurrences_and_the_next_goes_on(app: App) -> None:
    for number in range(120):
        app.add_schedule(
            f"s{number}", as_of=now_ms() - 5 * MINUTE, cron=f"{number % 60} {number // 60} * * *", tz="UTC"
        )
    with app.db.writing():
        app.db.execute("UPDATE recurrences SET next_due_at = :at", {"at": now_ms() - MINUTE})
    tick = app.start("tick")
    until(lambda: occurrences(app) or tick.poll() is not None)
    os.kill(tick.pid, signal.SIGKILL) if tick.poll() is None else None
    tick.wait(10)
    app.tick()
    due_once = read_rows(app.db, "SELECT count(*) FROM jobs GROUP BY schedule_id, due_at HAVING count(*) > 1")
    assert due_once == []
    assert read_value(app.db, "SELECT count(DISTINCT schedule_id) FROM jobs") == 120


def test_the_table_itself_refuses_a_second_job(app: App) -> None:
    schedule: Schedule = app.add_schedule("s", as_of=now_ms() - 5 * MINUTE, cron="* * * * *")
    app.tick()
    same = (
        "INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)"
        " SELECT schedule_id, workspace_id, due_at, 0, 0, 'queued' FROM jobs WHERE schedule_id = :id"
        " ON CONFLICT DO NOTHING"
    )
    before = len(occurrences(app))
    with app.db.writing():
        app.db.execute(same, {"id": schedule.id})
    assert len(occurrences(app)) == before
