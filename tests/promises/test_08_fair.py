"""Promise 8: thousands of jobs of one workspace do not make another's wait; what waits costs a claim nothing."""

from collections import Counter

import pytest

from schedbot.store.jobs import claims, fairness
from schedbot.store.jobs.fairness import RoundRobin
from tests.support.app import App, now_ms
from tests.support.bulk_rows import flood
from tests.support.sql import read_row, read_rows, read_value


def claimed(app: App, limit: int, whose: RoundRobin) -> list[str]:
    """The workspaces of what one claim takes."""
    now = now_ms()
    with app.db.writing():
        return [job.workspace for job in claims.claim(app.db, claims.ClaimRequest(now, limit, now + 60_000, whose))]


def test_a_flood_of_one_workspace_leaves_the_others_their_turn(app: App) -> None:
    flood(app.db, "flood", jobs=10_000)
    flood(app.db, "quiet", jobs=10, later_ms=500)
    took = claimed(app, 100, RoundRobin())
    assert took.count("quiet") >= 3


def test_a_workspace_that_alone_has_jobs_gets_all_the_room(app: App) -> None:
    flood(app.db, "flood", jobs=1_000)
    assert claimed(app, 100, RoundRobin()) == ["flood"] * 100


def test_with_more_workspaces_than_turns_each_is_served_within_a_round(app: App) -> None:
    for number in range(100):
        flood(app.db, f"w{number:03}", jobs=20)
    whose = RoundRobin()
    served = {name for _ in range(4) for name in claimed(app, 64, whose)}
    assert len(served) == 100


@pytest.mark.parametrize("rooms", [[1], [3], [35], [105], [100, 19, 39, 61, 16, 24, 1, 100]], ids=str)
def test_a_workspace_gets_twice_the_turns_where_its_next_job_has_a_higher_priority(app: App, rooms: list[int]) -> None:
    for priority in ("low", "high", "normal"):
        flood(app.db, priority, jobs=250, priority=priority)
    whose, took = RoundRobin(), Counter[str]()
    for room in rooms * (420 // sum(rooms)):
        took.update(claimed(app, room, whose))
    assert took["high"] / took["normal"] == pytest.approx(2, rel=0.1)
    assert took["normal"] / took["low"] == pytest.approx(2, rel=0.1)


def test_a_low_priority_among_many_high_ones_has_its_turn_in_every_round(app: App) -> None:
    for number in range(40):
        flood(app.db, f"w{number:02}", jobs=30, priority="high")
    flood(app.db, "low", jobs=3, priority="low", later_ms=900)
    whose = RoundRobin()
    for has_had in (1, 2, 3):
        served = Counter(name for _ in range(7) for name in claimed(app, 23, whose))
        assert (served["low"], set(served.values())) == (1, {1, 4}), has_had


def test_a_workspace_whose_jobs_are_still_to_come_takes_no_turn(app: App) -> None:
    for number in range(20):
        flood(app.db, f"w{number:02}", jobs=5, later_ms=60_000)
    for name in ("one", "two"):
        flood(app.db, name, jobs=100)
    assert Counter(claimed(app, 60, RoundRobin())) == {"one": 30, "two": 30}


def test_a_turn_goes_by_the_priority_of_the_next_job_as_its_schedule_stands_now(app: App) -> None:
    for name in ("one", "two"):
        flood(app.db, name, jobs=100)
    assert app.run("edit", "one-0", "--priority", "high").returncode == 0
    whose = RoundRobin()
    assert Counter(claimed(app, 60, whose)) == {"one": 40, "two": 20}
    assert Counter(claimed(app, 60, whose)) == {"one": 30, "two": 30}


def test_the_jobs_of_one_instant_are_interleaved_between_workspaces(app: App) -> None:
    for name in ("one", "two"):
        app.run("workspace", "add", name, "--token-env", "SLACK_BOT_TOKEN")
    for number in range(40):
        workspace = "one" if number < 30 else "two"
        app.add_schedule(f"s{number}", cron="0 9 * * *", workspace=workspace, channel=f"C{number:010d}")
    nine = read_value(app.db, "SELECT next_due_at FROM recurrences")
    app.tick(at=nine - 30_000)
    last = read_row(
        app.db,
        "SELECT max(available_at) - due_at FROM jobs j JOIN workspaces w ON w.id = j.workspace_id WHERE w.name = 'two'",
    )
    assert last is not None
    assert last[0] <= 10


@pytest.mark.parametrize("statement", [claims.CLAIM, fairness.CLAIM_OF, claims.SATURATED, claims.WAITING, claims.PAST])
def test_a_claim_reads_an_index_and_sorts_nothing(app: App, statement: str) -> None:
    names = ("token", "lease_until", "until", "limit", "workspace_id", "now", "cursor", "too_far", "believed")
    plan = [row[3] for row in read_rows(app.db, "EXPLAIN QUERY PLAN " + statement, dict.fromkeys(names, 1))]
    assert not [line for line in plan if "TEMP B-TREE" in line]
    assert not [line for line in plan if line.startswith("SCAN jobs") and "INDEX" not in line]
