"""The manual agrees with the program: commands, examples, errors, lifecycle, paths, and the commands of CI."""

import re
import runpy
import shlex
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from schedbot import cli, command_table
from schedbot.rules.lifecycle import MOVES, NEW
from schedbot.slack import error_codes, scopes

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md", *sorted(DOCS.glob("*.md"))]
COMMANDS = [name for section in command_table.COMMANDS.values() for name in section]
SHELL = "|&>;"
LEADING = ("--config", "--database")


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name, commands of groups too."""
    for name in COMMANDS:
        loaded = cli.load(name)
        yield name, loaded
        for subname, subcommand in getattr(loaded, "commands", {}).items():
            yield f"{name} {subname}", subcommand


def example(loaded: Any) -> str:
    """Return the example at the end of a help text."""
    return str((loaded.help or "").partition("Example:")[2]).strip()


def schedbot_calls(text: str) -> list[list[str]]:
    """Return the arguments of each call of schedbot in a piece of shell."""
    calls = []
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=SHELL)
        lexer.whitespace_split = True
        for is_mark, words in groupby(lexer, key=lambda word: not word.strip(SHELL)):
            call = list(words)
            if not is_mark and call[0] == "schedbot":
                calls.append(call[1:])
    return calls


def parse(words: list[str]) -> None:
    """Parse the arguments of a command without running it. Raises the error of typer for a wrong option."""
    while words[0] in LEADING:
        words = words[2:]
    name, *rest = words
    assert name in COMMANDS, f"there is no command '{name}'"
    loaded = cli.load(name)
    if hasattr(loaded, "commands"):
        name, *rest = rest
        loaded = loaded.commands[name]
    loaded.make_context(name, rest)


def shell_blocks(page: Path) -> str:
    """Return the shell code of a page."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))


def generate(script: str) -> str:
    """Return the page that a script of the manual generates."""
    return str(runpy.run_path(str(DOCS / script))["text"]())


@pytest.mark.parametrize(("name", "loaded"), list(commands()), ids=str)
def test_each_help_text_ends_with_a_valid_example(name: str, loaded: Any) -> None:
    calls = schedbot_calls(" ".join(example(loaded).split()))
    assert calls, f"the help of '{name}' has no example"
    assert any(call[: len(name.split())] == name.split() for call in calls) or hasattr(loaded, "commands")
    for call in calls:
        parse(call)


def test_each_command_module_is_in_the_table() -> None:
    files = (ROOT / "schedbot" / "commands").rglob("[!_]*.py")
    # Modules of the commands in a group begin with its name.
    modules = {
        file.stem for file in files if "\ndef run(" in file.read_text() and not file.stem.startswith("workspace_")
    }
    listed = {command_table.module_name(name).rpartition(".")[2] for name in COMMANDS}
    assert modules <= listed, "a command's module is not in command_table.COMMANDS"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_pages_are_valid(page: Path) -> None:
    for call in schedbot_calls(shell_blocks(page)):
        parse(call)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_pages_exist(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert link.startswith("http") or (page.parent / link).exists(), f"{page.name} links to {link}"


def test_glossary_defines_each_term_once() -> None:
    terms = re.findall(r"^- \*\*(.+?)\*\*", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert terms
    assert sorted(terms) == sorted(set(terms))


def test_paths_in_contributing_exist() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`((?:schedbot|tests|docs|bench|examples|\.ci)/[\w./-]*)", page)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_manual_of_commands_is_current() -> None:
    hint = "run: python docs/write_commands.py"
    assert (DOCS / "commands.md").read_text() == generate("write_commands.py"), hint


def test_manual_of_errors_is_current() -> None:
    page = (DOCS / "errors.md").read_text()
    assert page == generate("write_errors.py"), "run: python docs/write_errors.py"
    assert [code for code in error_codes.ERROR_CODES if f"| `{code}` |" not in page] == []


def test_manual_of_the_lifecycle_is_current() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]*\|$", (DOCS / "lifecycle.md").read_text(), re.MULTILINE
    )
    listed = [tuple(row) for row in rows if row[0] not in ("from", "---")]
    new = [("(new)", event.value, state.value) for event, state in NEW.items()]
    moves = [(state.value, event.value, after.value) for (state, event), after in MOVES.items()]
    assert listed == new + moves
    assert (DOCS / "lifecycle.md").read_text() == generate("write_lifecycle.py"), "run: python docs/write_lifecycle.py"


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    shown = subprocess.run([ROOT / ".ci" / "run", "--show"], capture_output=True, text=True, check=True).stdout
    demo, tests = shown.splitlines()
    assert demo.endswith("&& .venv/bin/schedbot demo")
    assert tests.endswith("&& ./check")
    assert re.findall(r"^```sh\n(python3 .*)\n```$", (ROOT / "README.md").read_text(), re.MULTILINE) == [demo, tests]


def test_check_runs_style_types_layers_and_tests() -> None:
    steps = re.findall(r"^ *step ([\w-]+)", (ROOT / "check").read_text(), re.MULTILINE)
    assert list(dict.fromkeys(steps)) == ["ruff", "mypy", "lint-imports", "pytest"]


def test_app_manifest_has_the_needed_scopes() -> None:
    manifest = re.findall(r"^      - (\S+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(manifest) == sorted(scope.name for scope in scopes.SCOPES)


def test_readme_shows_the_line_of_the_crontab_example() -> None:
    lines = (ROOT / "crontab.example").read_text().splitlines()
    shown = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("* * * * *")]
    assert shown == [line for line in lines if line.startswith("* * * * *")]


def test_crontab_and_unit_name_the_installed_program() -> None:
    manual = (DOCS / "operations.md").read_text()
    crontab = (ROOT / "crontab.example").read_text().splitlines()
    lines = [line for line in crontab if "* * * * *" in line]
    unit = (ROOT / "schedbot.service").read_text()
    for path in ("/opt/schedbot/.venv/bin", "SCHEDBOT_CONFIG=/etc/schedbot/schedbot.toml"):
        assert path in manual
        assert all(path in line for line in (*lines, unit))


def test_picture_shows_the_demo() -> None:
    picture = (DOCS / "demo.svg").read_text().replace("&#160;", " ")
    assert "$ schedbot add la-standup" in picture
    assert "Every message was posted exactly once" in picture


def test_parse_rejects_unknown_commands_and_options() -> None:
    with pytest.raises(AssertionError, match="no command 'ad'"):
        parse(["ad", "name"])
    with pytest.raises(Exception, match="--crom"):
        parse(["add", "name", "--crom", "0 9 * * *"])
