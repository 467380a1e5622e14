"""How the app is built: small files, small functions, few parameters, and tests of what is real."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = sorted((ROOT / "schedbot").rglob("*.py"))
ALL = sorted([*CODE, *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])
LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS = 300, 40, 6
Function = ast.FunctionDef | ast.AsyncFunctionDef


def told(path: Path, function: Function) -> str:
    return f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"


def functions(paths: list[Path]) -> Iterator[tuple[Path, Function]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield path, node


def parameters(function: Function) -> int:
    """How many, `self` and `cls` apart."""
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(one.arg not in ("self", "cls") for one in given)


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


def test_a_function_fits_on_a_screen() -> None:
    long = [
        told(path, one) for path, one in functions(CODE) if (one.end_lineno or 0) - one.lineno + 1 > LONGEST_FUNCTION
    ]
    # A command's options stand in its signature, and its docstring is its manual.
    assert [one for one in long if not one.startswith("schedbot/commands/")] == []


def test_a_function_takes_few_parameters() -> None:
    many = [told(path, one) for path, one in functions(CODE) if parameters(one) > MOST_PARAMETERS]
    assert [one for one in many if not one.startswith("schedbot/commands/")] == []


def names_used(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {part for alias in node.names for part in alias.name.split(".")}
            names |= set((getattr(node, "module", None) or "").split("."))
    return names


def test_no_test_mocks_or_patches() -> None:
    wanting = {"mock", "Mock", "MagicMock", "patch", "unittest.mock"}
    tests = [path for path in ALL if "tests" in path.parts]
    assert [str(path.relative_to(ROOT)) for path in tests if names_used(path) & wanting] == []


def sleeps(path: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    found = [one for one in calls if ast.unparse(one.func) in ("time.sleep", "sleep")]
    return [f"{path.relative_to(ROOT)}:{one.lineno}" for one in found]


# The two places that wait for a condition, and raise; and one that lets a clock of its own making pass.
MAY_SLEEP = ("tests/support/app.py:", "tests/rules/test_real_cron_daemon.py:")


def test_no_test_sleeps_for_luck() -> None:
    found = [sleep for path in ALL if "tests" in path.parts for sleep in sleeps(path)]
    assert [sleep for sleep in found if not sleep.startswith(MAY_SLEEP)] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in ALL if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


def test_every_module_opens_with_what_it_keeps() -> None:
    silent = [path for path in CODE if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []
