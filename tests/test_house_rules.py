"""Limits of the code base: file length, function length, parameters; tests use no mocks and no sleeps."""

import ast
from pathlib import Path

from tests.support.source_code import ALL, PRODUCT, TESTS, Function, functions, nodes, parse, place

LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS = 300, 40, 6
# The signature of a command holds its options, and its docstring is its manual.
UNLIMITED = "schedbot/commands/"


def count_parameters(function: Function) -> int:
    """Return the number of parameters without `self` and `cls`."""
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(parameter.arg not in ("self", "cls") for parameter in parameters)


def test_file_has_at_most_300_lines() -> None:
    lengths = {place(path): len(path.read_text().splitlines()) for path in ALL}
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_function_has_at_most_40_lines() -> None:
    long = [
        f"{place(path, function)} {function.name}"
        for path, function in functions(PRODUCT)
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    ]
    assert [line for line in long if not line.startswith(UNLIMITED)] == []


def test_function_has_at_most_6_parameters() -> None:
    long = [
        f"{place(path, function)} {function.name}"
        for path, function in functions(PRODUCT)
        if count_parameters(function) > MOST_PARAMETERS
    ]
    assert [line for line in long if not line.startswith(UNLIMITED)] == []


def used_names(path: Path) -> set[str]:
    names = {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    for node in nodes(path):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {part for alias in node.names for part in alias.name.split(".")}
            names |= set((getattr(node, "module", None) or "").split("."))
    return names


def test_no_test_uses_mocks() -> None:
    mocks = {"mock", "Mock", "MagicMock", "patch"}
    assert [place(path) for path in TESTS if used_names(path) & mocks] == []


# `until` polls a condition and raises; the oracle of the cron daemon waits for a faked clock.
MAY_SLEEP = ("tests/support/app.py:", "tests/rules/test_cron_daemon_agreement.py:")


def sleeps(path: Path) -> list[str]:
    calls = [node for node in nodes(path) if isinstance(node, ast.Call)]
    return [place(path, call) for call in calls if ast.unparse(call.func) in ("time.sleep", "sleep")]


def test_no_test_sleeps() -> None:
    assert [sleep for path in TESTS for sleep in sleeps(path) if not sleep.startswith(MAY_SLEEP)] == []


def test_each_module_has_a_docstring() -> None:
    assert [place(path) for path in PRODUCT if not ast.get_docstring(parse(path))] == []
