"""The page of named reports: its walk works as it stands, and each snippet does what the page says."""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from schedbot import sandbox, settings
from schedbot.example import FILES
from schedbot.reports import definitions
from schedbot.reports.definitions import COMMON_KEYS, KEYS, ReportDefinition
from schedbot.reports.results import parse_result
from schedbot.settings import Flags
from tests.support.reports.live_reports import message_of, render_live

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = {"schedbot": "-m schedbot", "pytest": "-m pytest -p no:cacheprovider -p schedbot.testing.plugin"}
PORT = "8765"


def snippets(section: str, language: str) -> list[str]:
    """Return the code of a section in a language."""
    return [block["code"] for block in BLOCK.finditer(SECTIONS[section]) if block["language"] == language]


def list_walk_commands() -> Iterator[str]:
    """Yield the shell code of the walk. A file is appended to the path that the line before it names."""
    for block in BLOCK.finditer(SECTIONS["Your first report"]):
        if block["language"] == "sh":
            yield block["code"]
        else:
            file = re.findall(r"`([\w./]+\.\w+)`", block["before"])[-1]
            yield f"cat >>{file} <<'END'\n{block['code']}END\n"


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a newcomer: schedbot and pytest are on the PATH, and nothing is set."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in PROGRAMS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (programs / name).chmod(0o755)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SCHEDBOT", "SLACK", "PYTEST"))}
    return {**inherited, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


@pytest.mark.slow
def test_walk_leads_to_a_post_in_the_sandbox(shell: dict[str, str], tmp_path: Path) -> None:
    with sandbox.start() as slack:
        script = "set -e\n" + "\n".join(list_walk_commands()).replace(PORT, slack.url.rpartition(":")[2])
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=shell, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        texts = slack.control.texts()
    assert len(texts) == 1, done.stdout + done.stderr
    assert len(texts[0].splitlines()) == 7
    assert "Sent back" in done.stdout
    assert re.search(r"acme-pulse +acme +succeeded", done.stdout)


def test_tables_are_valid(tmp_path: Path) -> None:
    (tmp_path / "schedbot.toml").write_text(snippets("Tables", "toml")[0])
    (tmp_path / "schedbot.toml").chmod(0o600)
    loaded = settings.load(Flags(str(tmp_path / "schedbot.toml"), str(tmp_path / "s.db")))
    tables = definitions.load(loaded)
    assert not tables.problems
    assert loaded.renderers == 4
    assert {definition.kind for definition in tables.reports.values()} == {
        "python",
        "sql",
        "command",
        "template",
        "text",
    }


def test_each_key_is_in_the_reference() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", SECTIONS["Tables"], re.MULTILINE))
    assert documented == {"python_path", *COMMON_KEYS, *(key for keys in KEYS.values() for key in keys)}


@pytest.mark.parametrize(("number", "batch", "text"), [(0, 1, "*acme*: 1,234 orders to"), (1, 200, "acme: 31 orders")])
def test_python_snippet_is_a_report(
    number: int, batch: int, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"documented_{number}.py").write_text(snippets("Python", "python")[number])
    monkeypatch.syspath_prepend(tmp_path)
    definition = ReportDefinition("weekly", "python", f"documented_{number}:report", batch=batch)
    assert message_of(render_live(definition)).text.startswith(text)


def test_query_snippet_gives_a_table(tmp_path: Path) -> None:
    for file in FILES:
        if file.path == "make_sales.py":
            (tmp_path / file.path).write_text(file.read())
    runpy.run_path(str(tmp_path / "make_sales.py"))["make_sales"](tmp_path / "sales.db", date(2026, 12, 7))
    (tmp_path / "sales.sql").write_text(snippets("SQL", "sql")[0])
    definition = ReportDefinition("sales", "sql", str(tmp_path / "sales.sql"), database="sales")
    text = message_of(render_live(definition, f"sqlite:///{tmp_path / 'sales.db'}")).text
    assert text.splitlines()[0] == "product | orders"
    assert "Espresso beans" in text


def test_json_snippets_are_results() -> None:
    results = [parse_result(json.loads(line), "it") for line in snippets("Commands", "json")[0].splitlines()]
    assert [type(result).__name__ for result in results] == ["Message", "Skip", "NotReady"]


def test_program_snippet_is_a_report(tmp_path: Path) -> None:
    program = tmp_path / "report"
    program.write_text(snippets("Commands", "sh")[0])
    program.chmod(0o755)
    definition = ReportDefinition("legacy", "command", str(program), command=(str(program), "--account={account}"))
    assert message_of(render_live(definition)).text == "acme: 12 orders"
    empty = render_live(definition, account="")
    assert empty.skip
    assert empty.skip.reason == "no account"


@pytest.mark.slow
def test_snippet_of_a_test_passes(shell: dict[str, str], tmp_path: Path) -> None:
    subprocess.run(["schedbot", "init", "--example", "sales"], cwd=tmp_path, env=shell, check=True)
    (tmp_path / "sales" / "tests" / "test_lost.py").write_text(snippets("Tests and CI", "python")[0])
    command = ["pytest", "-q", "tests/test_lost.py"]
    done = subprocess.run(command, cwd=tmp_path / "sales", env=shell, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
