"""Promise 8: thousands of jobs of a workspace delay no other workspace, and queued jobs do not slow a claim."""

from collections import Counter

import pytest

from schedbot.store.jobs import claims, fairness, rescue
from schedbot.store.jobs.fairness import RoundRobin
from tests.support.app import App, now_ms
from tests.support.bulk_rows import flood
from tests.support.sql import read_row, read_rows, read_value


def claim(app: App, limit: int, turns: RoundRobin) -> list[str]:
    """Claim up to `limit` jobs, and return their workspaces."""
    now = now_ms()
    with app.db.writing():
        return [job.workspace for job in claims.claim(app.db, claims.ClaimRequest(now, limit, now + 60_000, turns))]


def test_flood_of_a_workspace_does_not_block_another(app: App) -> None:
    flood(app.db, "flood", jobs=10_000)
    flood(app.db, "quiet", jobs=10, later_ms=500)
    workspaces = claim(app, 100, RoundRobin())
    assert workspaces.count("quiet") >= 3


def test_workspace_alone_gets_the_whole_claim(app: App) -> None:
    flood(app.db, "flood", jobs=1_000)
    assert claim(app, 100, RoundRobin()) == ["flood"] * 100


def test_each_of_many_workspaces_is_served_in_a_round(app: App) -> None:
    for number in range(100):
        flood(app.db, f"w{number:03}", jobs=20)
    turns = RoundRobin()
    served = {name for _ in range(4) for name in claim(app, 64, turns)}
    assert len(served) == 100


@pytest.mark.parametrize("limits", [[1], [3], [35], [105], [100, 19, 39, 61, 16, 24, 1, 100]], ids=str)
def test_higher_priority_gets_twice_the_turns(app: App, limits: list[int]) -> None:
    for priority in ("low", "high", "normal"):
        flood(app.db, priority, jobs=250, priority=priority)
    turns, counts = RoundRobin(), Counter[str]()
    for limit in limits * (420 // sum(limits)):
        counts.update(claim(app, limit, turns))
    assert counts["high"] / counts["normal"] == pytest.approx(2, rel=0.1)
    assert counts["normal"] / counts["low"] == pytest.approx(2, rel=0.1)


def test_low_priority_gets_a_turn_in_every_round(app: App) -> None:
    for number in range(40):
        flood(app.db, f"w{number:02}", jobs=30, priority="high")
    flood(app.db, "low", jobs=3, priority="low", later_ms=900)
    turns = RoundRobin()
    for round_number in (1, 2, 3):
        served = Counter(name for _ in range(7) for name in claim(app, 23, turns))
        assert (served["low"], set(served.values())) == (1, {1, 4}), round_number


def test_workspace_without_due_jobs_takes_no_turn(app: App) -> None:
    for number in range(20):
        flood(app.db, f"w{number:02}", jobs=5, later_ms=60_000)
    for name in ("one", "two"):
        flood(app.db, name, jobs=100)
    assert Counter(claim(app, 60, RoundRobin())) == {"one": 30, "two": 30}


def test_turn_uses_the_current_priority_of_the_schedule(app: App) -> None:
    for name in ("one", "two"):
        flood(app.db, name, jobs=100)
    assert app.run("edit", "one-0", "--priority", "high").returncode == 0
    turns = RoundRobin()
    assert Counter(claim(app, 60, turns)) == {"one": 40, "two": 20}
    assert Counter(claim(app, 60, turns)) == {"one": 30, "two": 30}


def test_jobs_of_an_instant_interleave_workspaces(app: App) -> None:
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


@pytest.mark.parametrize(
    "statement",
    [claims.CLAIM, fairness.FIRST_JOBS, claims.HAS_MORE_THAN, claims.HAS_AVAILABLE, rescue.EXPIRED],
)
def test_claim_uses_an_index_and_does_not_sort(app: App, statement: str) -> None:
    names = ("token", "lease_until", "until", "limit", "workspaces", "most", "now", "too_far", "running")
    plan = [row[3] for row in read_rows(app.db, "EXPLAIN QUERY PLAN " + statement, dict.fromkeys(names, 1))]
    assert not [line for line in plan if "TEMP B-TREE" in line]
    assert not [line for line in plan if line.startswith("SCAN jobs") and "INDEX" not in line]
