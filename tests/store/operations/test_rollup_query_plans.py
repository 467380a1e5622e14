"""Query plans of the statements that read waiting results and add them to the roll-ups."""

import pytest

from schedbot.store.database import Database
from schedbot.store.history import result_counts
from schedbot.store.operations import idle_tick, rollup_batches
from tests.store.test_query_plans import db as db
from tests.store.test_query_plans import plan


def test_results_that_wait_are_told_from_the_ends_of_their_key(db: Database) -> None:
    steps = plan(db, idle_tick.HAS_RESULTS)
    assert [step for step in steps if step.startswith("SEARCH")] == ["SEARCH results"] * 2, steps


@pytest.mark.parametrize("kind", ["hour", "label", "outcome"])
def test_counts_are_read_without_the_results_of_the_batch(db: Database, kind: str) -> None:
    steps = plan(db, f"SELECT * FROM {result_counts.all_of(kind)} WHERE period >= :since")  # noqa: S608
    assert "SEARCH rollups USING PRIMARY KEY (kind=? AND period>?)" in steps
    assert "SEARCH results USING INTEGER PRIMARY KEY (rowid>?)" in steps


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(rollup_batches.END_OF_SLICE, id="end"),
        pytest.param(rollup_batches.LAST, id="last schedule"),
        pytest.param(rollup_batches.ADD_SCHEDULES, id="add"),
    ],
)
def test_slice_of_a_batch_is_read_in_the_order_of_its_key(db: Database, sql: str) -> None:
    db.stage_many(rollup_batches.CREATE, [()])
    steps = plan(db, sql)
    assert len(steps) == 1
    assert steps[0].startswith("SEARCH temp.batch_counts USING PRIMARY KEY (kind=? AND (period,key)>(?,?)"), steps


def test_results_of_a_batch_are_deleted_by_number(db: Database) -> None:
    steps = plan(db, rollup_batches.DELETE)
    assert steps[0] == "SEARCH results USING INTEGER PRIMARY KEY (rowid<?)", steps
