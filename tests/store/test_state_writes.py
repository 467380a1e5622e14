"""States that statements write come from the lifecycle, and none is read from the record of changes."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import schedbot
from schedbot.model import JobState, ScheduleState
from schedbot.rules.lifecycle import Event

ROOT = Path(schedbot.__file__).parent
STORE = sorted(path for path in (ROOT / "store").rglob("*.py") if path.name != "__init__.py")
WRITE = re.compile(r"\b(?:INSERT INTO|UPDATE(?: OR \w+)?) (?:jobs|schedules)\b")
ASSIGNMENT = re.compile(r"(?:\bSET|,)\s+state\s*=\s*'[a-z]+'")
COMPARISON = re.compile(r"(?:=|<>)\s*'[a-z]+'|\bIN\s*\([^)]*\)")
STATE = re.compile(f"'(?:{'|'.join([*JobState, *ScheduleState])})'")


def list_statements(path: Path) -> Iterator[str]:
    """Yield the texts of a module: its constants as they are composed, and the strings in its functions."""
    module = import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))
    yield from (value for value in vars(module).values() if isinstance(value, str))
    nodes = ast.walk(ast.parse(path.read_text()))
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def find_literals(sql: str) -> list[str]:
    """Return the states that the statement writes as literals."""
    if not WRITE.search(sql):
        return []
    return ASSIGNMENT.findall(sql) + STATE.findall(COMPARISON.sub("", sql))


@pytest.mark.parametrize("path", STORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_written_state_is_a_parameter(path: Path) -> None:
    assert [literal for sql in list_statements(path) for literal in find_literals(sql)] == []


@pytest.mark.parametrize(
    ("sql", "literals"),
    [
        ("UPDATE jobs SET state = 'queued' WHERE id = :id", ["SET state = 'queued'"]),
        ("UPDATE jobs SET error = NULL, state = 'queued' WHERE id = :id", [", state = 'queued'"]),
        ("UPDATE jobs SET state = CASE WHEN attempts = 0 THEN 'missed' ELSE :failed END", ["'missed'"]),
        ("INSERT INTO jobs (due_at, state) VALUES (:due_at, 'skipped')", ["'skipped'"]),
        ("UPDATE schedules SET state = :state WHERE state IN ('active', 'paused') AND reason = 'x'", []),
        ("SELECT 'missed' AS state FROM jobs", []),
    ],
)
def test_a_literal_state_is_seen_where_it_is_written(sql: str, literals: list[str]) -> None:
    assert find_literals(sql) == literals


@pytest.mark.parametrize("path", STORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_history_reads_the_record_of_changes(path: Path) -> None:
    readers = [sql for sql in list_statements(path) if re.search(r"\b(?:FROM|JOIN) changes\b", sql)]
    assert readers == [] or path.parent.name == "history" or path.name == "chain_seal.py"


@pytest.mark.parametrize("event", Event)
def test_product_code_uses_each_event(event: Event) -> None:
    users = [path for path in ROOT.rglob("*.py") if re.search(rf"\bEvent\.{event.name}\b", path.read_text())]
    assert users != []
