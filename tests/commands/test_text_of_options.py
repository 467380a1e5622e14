"""Options take text in the same way as the cells of an import."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import new_command_line

FIELDS = ("--cron", "0 9 * * 1", "--tz", " UTC ", "--channel", "C0123456789 ")


@pytest.mark.slow
def test_options_and_arguments_drop_blanks(tmp_path: Path) -> None:
    run = new_command_line(tmp_path)
    assert run("add", " Cafe\u0301", *FIELDS, "--account", "42 ", "--text", "Hi").returncode == 0
    shown = json.loads(run("list", "--account", "\ufeff 42", "--json").stdout)
    assert (shown["name"], shown["account"], shown["channel"]) == ("Caf\u00e9", "42", "C0123456789")
    assert run("pause", "Cafe\u0301").returncode == 0
    assert run("workspace", "pause", " default ").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("value", ["NaN", "[1, Infinity]", "-1e999"])
def test_param_that_is_no_json_number_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "r.json.j2").write_text('{"text": "x"}')
    done = new_command_line(tmp_path)("add", "a", *FIELDS, "--report", "r.json.j2", "--param", f"closed:={value}")
    assert done.returncode == 2
    assert "is no number in JSON." in done.stderr
    assert "Traceback" not in done.stderr
