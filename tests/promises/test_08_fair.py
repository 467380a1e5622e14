"""Promise 8: thousands of jobs of one workspace do not make another's wait; what waits costs a claim nothing."""

import pytest

from schedbot.store import claims, turns
from schedbot.store.turns import Turns
from tests.house import House, now_ms
from tests.rows import flood


def claimed(house: House, limit: int, whose: Turns) -> list[str]:
    """The workspaces of what one claim takes."""
    now = now_ms()
    with house.db.writing():
        return [job.workspace for job in claims.claim(house.db, claims.Wanted(now, limit, now + 60_000, whose))]


def test_a_flood_of_one_workspace_leaves_the_others_their_turn(house: House) -> None:
    flood(house.db, "flood", jobs=10_000)
    flood(house.db, "quiet", jobs=10, later_ms=500)
    took = claimed(house, 100, Turns())
    assert took.count("quiet") >= 3


def test_a_workspace_that_alone_has_jobs_gets_all_the_room(house: House) -> None:
    flood(house.db, "flood", jobs=1_000)
    assert claimed(house, 100, Turns()) == ["flood"] * 100


def test_with_more_workspaces_than_turns_each_is_served_within_a_round(house: House) -> None:
    for number in range(100):
        flood(house.db, f"w{number:03}", jobs=20)
    whose = Turns()
    served = {name for _ in range(4) for name in claimed(house, 32, whose)}
    assert len(served) == 100


def test_the_jobs_of_one_instant_are_interleaved_between_workspaces(house: House) -> None:
    for name in ("one", "two"):
        house.run("workspace", "add", name, "--token-env", "SLACK_BOT_TOKEN")
    for number in range(40):
        workspace = "one" if number < 30 else "two"
        house.schedule(f"s{number}", cron="0 9 * * *", workspace=workspace, channel=f"C{number:010d}")
    nine = house.db.value("SELECT next_due_at FROM recurrences")
    house.tick(at=nine - 30_000)
    last = house.db.row(
        "SELECT max(available_at) - due_at FROM jobs j JOIN workspaces w ON w.id = j.workspace_id WHERE w.name = 'two'"
    )
    assert last is not None
    assert last[0] <= 10


@pytest.mark.parametrize("statement", [claims.CLAIM, turns.CLAIM_OF, claims.SATURATED, claims.WAITING, claims.PAST])
def test_a_claim_reads_an_index_and_sorts_nothing(house: House, statement: str) -> None:
    names = ("token", "lease_until", "until", "limit", "workspace_id", "now", "cursor", "too_far")
    plan = [row[3] for row in house.db.rows("EXPLAIN QUERY PLAN " + statement, dict.fromkeys(names, 1))]
    assert not [line for line in plan if "TEMP B-TREE" in line]
    assert not [line for line in plan if line.startswith("SCAN jobs") and "INDEX" not in line]
