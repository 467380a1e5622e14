"""Promise 1: each occurrence makes one job, also when ticks repeat, overlap or are killed."""

import os
import signal

from filelock import FileLock

from schedbot.model import Schedule
from tests.support.app import App, now_ms, until
from tests.support.sql import read_rows, read_value

MINUTE = 60_000


def add_schedules(app: App, count: int, as_of: int) -> None:
    for number in range(count):
        app.add_schedule(f"s{number}", as_of=as_of, cron="* * * * *", channel=f"C{number:010d}")


def occurrences(app: App) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in read_rows(app.db, "SELECT schedule_id, due_at FROM jobs")]


def test_repeated_tick_makes_no_second_job(app: App) -> None:
    add_schedules(app, 3, as_of=now_ms() - 5 * MINUTE)
    first, second = app.tick(), app.tick()
    assert first.enqueued > 0
    assert (second.enqueued, second.missed, second.skipped) == (0, 0, 0)


def test_parallel_ticks_make_each_job_once(app: App) -> None:
    add_schedules(app, 20, as_of=now_ms() - 5 * MINUTE)
    ticks = [app.start("tick") for _ in range(4)]
    assert [tick.wait(30) for tick in ticks] == [0, 0, 0, 0]
    enqueued = occurrences(app)
    assert len(enqueued) == len(set(enqueued))
    assert {schedule for schedule, _ in enqueued} == {row[0] for row in read_rows(app.db, "SELECT id FROM schedules")}


def test_second_tick_exits_while_the_first_runs(app: App) -> None:
    add_schedules(app, 1, as_of=now_ms() - 5 * MINUTE)
    with FileLock(f"{app.path}-tick.lock"):
        second = app.run("tick")
    assert (second.returncode, second.stderr) == (0, "Another tick is running. Nothing was done.\n")


def test_killed_tick_is_completed_by_the_next(app: App) -> None:
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
    duplicates = read_rows(app.db, "SELECT count(*) FROM jobs GROUP BY schedule_id, due_at HAVING count(*) > 1")
    assert duplicates == []
    assert read_value(app.db, "SELECT count(DISTINCT schedule_id) FROM jobs") == 120


def test_table_rejects_a_second_job_of_an_occurrence(app: App) -> None:
    schedule: Schedule = app.add_schedule("s", as_of=now_ms() - 5 * MINUTE, cron="* * * * *")
    app.tick()
    duplicate = (
        "INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)"
        " SELECT schedule_id, workspace_id, due_at, 0, 0, 'queued' FROM jobs WHERE schedule_id = :id"
        " ON CONFLICT DO NOTHING"
    )
    before = len(occurrences(app))
    with app.db.writing():
        app.db.execute(duplicate, {"id": schedule.id})
    assert len(occurrences(app)) == before
