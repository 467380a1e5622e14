"""Python files of the repository and their syntax trees, for the tests of names and house rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PRODUCT = sorted((ROOT / "schedbot").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ALL = [*PRODUCT, *TESTS, *sorted((ROOT / "bench").rglob("*.py")), *sorted((ROOT / "docs").rglob("*.py"))]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a file's syntax tree."""
    return tuple(ast.walk(parse(path)))


def place(path: Path, node: ast.AST | None = None) -> str:
    """Return the path from the root, with the line of a node."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def functions(paths: list[Path]) -> Iterator[tuple[Path, Function]]:
    """Yield all functions and methods with their file."""
    for path in paths:
        for node in nodes(path):
            if isinstance(node, Function):
                yield path, node
