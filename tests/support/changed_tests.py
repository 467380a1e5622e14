"""Select the tests of changed files for `./check --fast`: print their paths, a path a line.

Changed are all files that differ from branch main (on main itself: from origin/main, or from the commit before), also
when not committed yet. A changed test file selects itself; a changed module selects the test folder that mirrors its
package, and test files of its own name. Pages select the test of the documentation. The tests of names and
house rules are always selected.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ALWAYS = {"tests/test_names.py", "tests/test_house_rules.py"}
DOCS = "tests/test_docs.py"
# Test folders of the packages and modules that have no folder of their own name.
FOLDERS = {
    "api_address.py": ("slack", "commands"),
    "cli.py": ("commands",),
    "clock.py": ("times",),
    "command_line.py": ("commands",),
    "command_table.py": ("commands",),
    "config_file.py": ("commands",),
    "configuration.py": ("commands",),
    "demo": ("commands",),
    "errors.py": ("commands",),
    "example": ("commands",),
    "file_access.py": ("store", "commands"),
    "log.py": ("commands",),
    "__main__.py": ("commands",),
    "model.py": ("rules", "reports"),
    "posts.py": ("slack", "worker"),
    "operation_settings.py": ("commands",),
    "presentation": ("commands",),
    "py.typed": ("api",),
    "quick_commands.py": ("commands",),
    "root_help.py": ("commands",),
    "session.py": ("commands",),
    "settings.py": ("commands",),
    "text_input.py": ("admin", "commands"),
    "tick.py": ("admin", "store"),
}
# Changes of these files may change the generated pages or the examples.
DOCUMENTED = (
    "schedbot/commands/",
    "schedbot/command_table.py",
    "schedbot/rules/lifecycle.py",
    "schedbot/slack/",
    ".ci/",
)


def git(*words: str) -> list[str]:
    """Return the lines that git prints; none if the command fails."""
    result = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.splitlines() if result.returncode == 0 else []


def base() -> str:
    """Return the commit with which the working tree is compared."""
    on_main = git("branch", "--show-current") == ["main"]
    for ref in ("origin/main",) if on_main else ("main", "origin/main"):
        commit = git("merge-base", ref, "HEAD")
        if commit:
            return commit[0]
    return "HEAD~1"


def changed_files() -> list[str]:
    """Return the paths of changed, added and removed files."""
    return [*git("diff", "--name-only", "--no-renames", base()), *git("ls-files", "--others", "--exclude-standard")]


def select_tests(path: str) -> set[str]:
    """Return the test files and folders for a changed file."""
    first, *rest = path.split("/")
    tests = {DOCS} if path.endswith(".md") or path.startswith(("docs/", "examples/", *DOCUMENTED)) else set()
    if first == "schedbot" and rest:
        namesakes = {str(test.relative_to(ROOT)) for test in (ROOT / "tests").rglob(f"test_{Path(path).stem}.py")}
        return tests | namesakes | {f"tests/{folder}" for folder in FOLDERS.get(rest[0], (rest[0],))}
    if first == "tests" and rest[-1].startswith("test_"):
        return tests | {path}
    if first == "tests" and rest[-1] == "conftest.py" and len(rest) > 1:
        return tests | {"/".join(("tests", *rest[:-1]))}
    return tests


def select_all(paths: Iterable[str]) -> list[str]:
    """Return the existing test files and folders for all changed files, without files of a selected folder."""
    selected = ALWAYS.union(*map(select_tests, paths))
    return sorted(
        test for test in selected if (ROOT / test).exists() and not {str(up) for up in Path(test).parents} & selected
    )


if __name__ == "__main__":
    print("\n".join(select_all(changed_files())))
