"""Selection of tests for `./check --fast`."""

import pytest

from tests.support.changed_tests import FOLDERS, ROOT, select_all

RULES = ["tests/test_house_rules.py", "tests/test_names.py"]


@pytest.mark.parametrize(
    ("changed", "selected"),
    [
        pytest.param([], [], id="nothing changed"),
        pytest.param(["schedbot/worker/pool.py"], ["tests/worker"], id="a module selects the mirrored folder"),
        pytest.param(
            ["schedbot/rules/lifecycle.py"],
            ["tests/rules", "tests/test_docs.py", "tests/test_lifecycle.py"],
            id="a module selects tests of its name",
        ),
        pytest.param(["tests/times/test_durations.py"], ["tests/times/test_durations.py"], id="a test selects itself"),
        pytest.param(["tests/sandbox/conftest.py"], ["tests/sandbox"], id="a conftest selects its folder"),
        pytest.param(["tests/rules/test_gone.py", "README.txt"], [], id="a removed test selects nothing"),
        pytest.param(["README.md"], ["tests/test_docs.py"], id="a page selects the test of the documentation"),
        pytest.param(
            ["schedbot/rules/overdue_occurrences.py", "tests/rules/test_misfire.py"],
            ["tests/rules"],
            id="folder",
        ),
        pytest.param(
            ["schedbot/commands/options.py"], ["tests/commands", "tests/test_docs.py"], id="a command has a page"
        ),
    ],
)
def test_changed_files_select_their_tests(changed: list[str], selected: list[str]) -> None:
    assert select_all(changed) == sorted([*RULES, *selected])


def test_each_part_of_the_product_has_tests() -> None:
    parts = [path for path in (ROOT / "schedbot").iterdir() if path.name not in ("__init__.py", "__pycache__")]
    folders = {folder for path in parts for folder in FOLDERS.get(path.name, (path.name,))}
    assert [folder for folder in folders if not (ROOT / "tests" / folder).is_dir()] == []
