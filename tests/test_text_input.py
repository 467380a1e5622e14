"""One way in for text: blanks, byte order marks, Unicode forms, quotation marks and characters that cannot be seen."""

import json
from pathlib import Path

import pytest

from schedbot import settings, text_input, times
from schedbot.errors import BadInput, TokenUnavailable
from schedbot.model import TokenSource
from schedbot.presentation import output
from schedbot.settings import Flags
from schedbot.slack import tokens
from tests.support.command_line import new_command_line


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" acme\t\r\n", "acme"),
        ("\ufeffacme", "acme"),
        ("\ufeff acme\u00a0", "acme"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("two  words", "two  words"),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert text_input.clean(text) == cleaned


def test_path_keeps_its_unicode_form() -> None:
    assert text_input.clean_path(" Cafe\u0301.j2 ") == "Cafe\u0301.j2"


def test_shown_text_has_escapes_for_unseen_characters() -> None:
    assert output.printable("a\u200bb\x1b[2J\u202ec\td\ne") == "a\\u200bb\\x1b[2J\\u202ec d\ne"


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("3.0", 3), (" 3.00 ", 3), ("3.5", None), ("-3", None), ("٣", None)]
)
def test_whole_number_may_have_a_zero_fraction(text: str, number: int | None) -> None:
    assert text_input.parse_whole_number(text) == number


@pytest.mark.parametrize("parse", [times.parse_past, times.parse_future, times.parse_instant])
def test_dash_in_an_instant_is_named(parse: object) -> None:
    with pytest.raises(BadInput) as error:
        parse("2026–12–24", None, 0)  # type: ignore[operator]
    assert error.value.hint == "'–' is a dash, not '-': write '2026-12-24'."


@pytest.mark.parametrize("token", ['"xoxb-1-abc"', "'xoxb-1-abc'", "“xoxb-1-abc”"])
def test_token_in_quotes_is_named_and_not_shown(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", token)
    with pytest.raises(TokenUnavailable, match="SLACK_BOT_TOKEN has quotation marks around the token") as error:
        tokens.read_token(TokenSource("env", "SLACK_BOT_TOKEN"))
    assert "Remove them" in error.value.hint
    assert "xoxb-1" not in f"{error.value}{error.value.hint}"


def test_token_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("\ufeffxoxb-1-abc\r\n")
    file.chmod(0o600)
    assert tokens.read_token(TokenSource("file", str(file))) == "xoxb-1-abc"


@pytest.mark.parametrize("variable", ["SCHEDBOT_DATABASE", "SCHEDBOT_PROCESSES", "SCHEDBOT_LEASE", "SCHEDBOT_CONFIG"])
def test_variable_in_quotes_is_refused(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, '"4"')
    with pytest.raises(BadInput, match=f"{variable} has quotation marks around its value"):
        settings.load(Flags())


def test_settings_are_taken_with_blanks_and_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "schedbot.toml"
    file.write_text('\ufeffdatabase = " my.db "\n[work]\nprocesses = 4.0\n', encoding="utf-8")
    monkeypatch.setenv("SCHEDBOT_IN_FLIGHT", " 50 ")
    monkeypatch.setenv("SCHEDBOT_SLACK_API_URL", " https://slack.test/api ")
    loaded = settings.load(Flags(config=str(file)))
    assert (loaded.database, loaded.processes, loaded.in_flight) == (tmp_path / "my.db", 4, 50)
    assert loaded.api_url == "https://slack.test/api/"


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
