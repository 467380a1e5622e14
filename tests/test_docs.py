"""The manual agrees with the program: commands, examples, errors, the life of a job, and what CI runs."""

import re
import runpy
import shlex
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from schedbot import cli
from schedbot.rules.lifecycle import MOVES, NEW
from schedbot.slack import error_codes, scopes

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md", *sorted(DOCS.glob("*.md"))]
COMMANDS = [name for section in cli.COMMANDS.values() for name in section]
SHELL = "|&>;"
LEADING = ("--config", "--database")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its whole name, those of groups too."""
    for name in COMMANDS:
        loaded = cli.load(name)
        yield name, loaded
        for sub, one in getattr(loaded, "commands", {}).items():
            yield f"{name} {sub}", one


def example(loaded: Any) -> str:
    """What stands after `Example:`, which is the end of the help."""
    return str((loaded.help or "").partition("Example:")[2]).strip()


def typed(text: str) -> list[list[str]]:
    """The calls of schedbot in a piece of shell, as words without the program's name."""
    calls = []
    for line in text.replace("\\\n", " ").splitlines():
        read = shlex.shlex(line, posix=True, punctuation_chars=SHELL)
        read.whitespace_split = True
        for is_mark, words in groupby(read, key=lambda word: not word.strip(SHELL)):
            call = list(words)
            if not is_mark and call[0] == "schedbot":
                calls.append(call[1:])
    return calls


def parse(words: list[str]) -> None:
    """Take the words as the program would, short of doing anything. Raises what typer raises for a wrong option."""
    while words[0] in LEADING:
        words = words[2:]
    name, *rest = words
    assert name in COMMANDS, f"there is no command '{name}'"
    loaded = cli.load(name)
    if hasattr(loaded, "commands"):
        name, *rest = rest
        loaded = loaded.commands[name]
    loaded.make_context(name, rest)


def blocks(page: Path) -> str:
    """The shell in a page."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))


def made(script: str) -> str:
    """What a script of the manual would write."""
    return str(runpy.run_path(str(DOCS / script))["text"]())


@pytest.mark.parametrize(("name", "loaded"), list(commands()), ids=str)
def test_each_help_ends_with_an_example_that_parses(name: str, loaded: Any) -> None:
    calls = typed(" ".join(example(loaded).split()))
    assert calls, f"the help of '{name}' has no example"
    assert any(call[: len(name.split())] == name.split() for call in calls) or hasattr(loaded, "commands")
    for call in calls:
        parse(call)


def test_each_command_has_a_module_and_is_in_the_table() -> None:
    files = (ROOT / "schedbot" / "commands").glob("[!_]*.py")
    # A group's own commands stand in modules that begin with its name.
    modules = {one.stem for one in files if "\ndef run(" in one.read_text() and not one.stem.startswith("workspace_")}
    listed = {cli.module_of(name).rpartition(".")[2] for name in COMMANDS}
    assert modules <= listed, "a command's module is not in cli.COMMANDS"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_tells_to_type_parses(page: Path) -> None:
    for call in typed(blocks(page)):
        parse(call)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert link.startswith("http") or (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_manual_has_every_command_as_it_is() -> None:
    again = "run: python docs/write_commands.py"
    assert (DOCS / "commands.md").read_text() == made("write_commands.py"), again


def test_the_manual_has_every_error_as_it_is() -> None:
    page = (DOCS / "errors.md").read_text()
    assert page == made("write_errors.py"), "run: python docs/write_errors.py"
    assert [code for code in error_codes.ERROR_CODES if f"| `{code}` |" not in page] == []


def test_the_manual_has_every_move_of_a_job() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]*\|$", (DOCS / "lifecycle.md").read_text(), re.MULTILINE
    )
    listed = [tuple(row) for row in rows if row[0] not in ("from", "---")]
    new = [("(new)", event.value, state.value) for event, state in NEW.items()]
    moves = [(state.value, event.value, after.value) for (state, event), after in MOVES.items()]
    assert listed == new + moves
    assert (DOCS / "lifecycle.md").read_text() == made("write_lifecycle.py"), "run: python docs/write_lifecycle.py"


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    shown = subprocess.run([ROOT / ".ci" / "run", "--show"], capture_output=True, text=True, check=True).stdout
    demo, tests = shown.splitlines()
    assert demo.endswith("&& .venv/bin/schedbot demo")
    assert tests.endswith("&& ./check")
    assert re.findall(r"^```sh\n(python3 .*)\n```$", (ROOT / "README.md").read_text(), re.MULTILINE) == [demo, tests]


def test_the_app_to_paste_has_the_scopes_that_are_needed() -> None:
    manifest = re.findall(r"^      - (\S+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(manifest) == sorted(
        [*(scope for scope, _ in (*scopes.SCOPES, scopes.USERS_SCOPE)), "chat:write.public"]
    )


def test_the_readme_tells_cron_what_the_example_tells_it() -> None:
    lines = [line.removeprefix("# ") for line in (ROOT / "crontab.example").read_text().splitlines()]
    told = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("* * * * *")]
    assert told == [line for line in lines if line.startswith("* * * * *")]


def test_the_picture_shows_the_demo() -> None:
    picture = (DOCS / "demo.svg").read_text().replace("&#160;", " ")
    assert "$ schedbot add la-standup" in picture
    assert "Every message is there once" in picture


def test_a_command_that_is_not_there_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="no command 'ad'"):
        parse(["ad", "name"])
    with pytest.raises(Exception, match="--crom"):
        parse(["add", "name", "--crom", "0 9 * * *"])
