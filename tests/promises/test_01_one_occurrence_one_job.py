"""Promise 1: one occurrence, one job, however often, however many at once and however rudely ticks are run."""

import os
import signal

from filelock import FileLock

from schedbot.model import Schedule
from tests.support.app import House, now_ms, until

MINUTE = 60_000


def many(house: House, count: int, as_of: int) -> None:
    for number in range(count):
        house.schedule(f"s{number}", as_of=as_of, cron="* * * * *", channel=f"C{number:010d}")


def occurrences(house: House) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in house.db.rows("SELECT schedule_id, due_at FROM jobs")]


def test_a_tick_that_is_repeated_makes_nothing_new(house: House) -> None:
    many(house, 3, as_of=now_ms() - 5 * MINUTE)
    first, second = house.tick(), house.tick()
    assert first.enqueued > 0
    assert (second.enqueued, second.missed, second.skipped) == (0, 0, 0)


def test_ticks_that_run_at_once_make_each_job_once(house: House) -> None:
    many(house, 20, as_of=now_ms() - 5 * MINUTE)
    ticks = [house.start("tick") for _ in range(4)]
    assert [tick.wait(30) for tick in ticks] == [0, 0, 0, 0]
    made = occurrences(house)
    assert len(made) == len(set(made))
    assert {schedule for schedule, _ in made} == {row[0] for row in house.db.rows("SELECT id FROM schedules")}


def test_a_second_tick_leaves_at_once_with_a_word(house: House) -> None:
    many(house, 1, as_of=now_ms() - 5 * MINUTE)
    with FileLock(f"{house.path}-tick.lock"):
        second = house.run("tick")
    assert (second.returncode, second.stderr) == (0, "Another tick is running: nothing to do.\n")


def test_a_tick_that_is_killed_leaves_whole_occurrences_and_the_next_goes_on(house: House) -> None:
    for number in range(120):
        house.schedule(f"s{number}", as_of=now_ms() - 5 * MINUTE, cron=f"{number % 60} {number // 60} * * *", tz="UTC")
    with house.db.writing():
        house.db.execute("UPDATE recurrences SET next_due_at = :at", {"at": now_ms() - MINUTE})
    tick = house.start("tick")
    until(lambda: occurrences(house) or tick.poll() is not None)
    os.kill(tick.pid, signal.SIGKILL) if tick.poll() is None else None
    tick.wait(10)
    house.tick()
    due_once = house.db.rows("SELECT count(*) FROM jobs GROUP BY schedule_id, due_at HAVING count(*) > 1")
    assert due_once == []
    assert house.db.value("SELECT count(DISTINCT schedule_id) FROM jobs") == 120


def test_the_table_itself_refuses_a_second_job(house: House) -> None:
    schedule: Schedule = house.schedule("s", as_of=now_ms() - 5 * MINUTE, cron="* * * * *")
    house.tick()
    same = (
        "INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)"
        " SELECT schedule_id, workspace_id, due_at, 0, 0, 'queued' FROM jobs WHERE schedule_id = :id"
        " ON CONFLICT DO NOTHING"
    )
    before = len(occurrences(house))
    with house.db.writing():
        house.db.execute(same, {"id": schedule.id})
    assert len(occurrences(house)) == before
