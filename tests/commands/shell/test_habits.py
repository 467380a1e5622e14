"""Habits of a command line: -h, suggestions, options after the command, and quotation marks that were left out."""

import pytest

from tests.support.command_line import ADD, Run

QUOTE_HINT = "Hint:  Quote the expression: --cron '0 9 * * mon'. Without quotes the shell splits it.\n"


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("list",), ("workspace",), ("workspace", "add")], ids=" ".join)
def test_h_shows_the_help(run: Run, words: tuple[str, ...]) -> None:
    short, long = run(*words, "-h"), run(*words, "--help")
    assert (short.returncode, short.stdout) == (0, long.stdout)
    assert "Example:" in short.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["lst"], "No such command: 'lst'.", "Did you mean 'schedbot list'?"),
        (["pasue", "a"], "No such command: 'pasue'.", "Did you mean 'schedbot pause'?"),
        (["delete", "a"], "No such command: 'delete'.", "Did you mean 'schedbot remove'?"),
        (["frobnicate"], "No such command: 'frobnicate'.", "'schedbot --help' lists the commands."),
        (["workspace", "lst"], "No such command: 'workspace lst'.", "Did you mean 'schedbot workspace list'?"),
        (["list", "--stat", "x"], "No such option: --stat.", "Did you mean '--state'?"),
        (["add", "x", "--timezone", "UTC"], "No such option: --timezone.", "Did you mean '--tz'?"),
        (["--databse", "x", "list"], "No such option: --databse.", "Did you mean '--database'?"),
        (["list", "--databse", "x"], "No such option: --databse.", "Did you mean '--database'?"),
        (["list", "-q"], "No such option: -q.", "'schedbot list --help' lists the options."),
        (["workspace", "list", "--frob"], "No such option: --frob.", "'schedbot workspace list --help' lists"),
    ],
)
def test_unknown_word_names_the_nearest(run: Run, words: list[str], error: str, hint: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {error}\nHint:  {hint}")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("words", [["add", "x"], ["edit", "x"], ["next"]], ids=" ".join)
@pytest.mark.parametrize("cron", ["--cron 0 9 * * mon", "--cron=0 9 a.txt b.txt mon", "--cron 0 9"])
def test_cron_without_quotes_asks_for_quotes(run: Run, words: list[str], cron: str) -> None:
    done = run(*words, *cron.split(), "--tz", "UTC")
    assert done.returncode == 2
    assert done.stderr == f"Error: --cron has only '0', and '9' follows it.\n{QUOTE_HINT}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("add x --every weekday at 9:00", "--every has only 'weekday', and 'at' follows it.", "--every 'weekday at"),
        ("pause x y --reason moving offices", "", ""),
        ("show x y", "Unexpected word: 'y'.", "'schedbot show --help' shows the arguments."),
        ("next --every weekday at 9:00 --tz UTC", "--every has only 'weekday', and 'at' follows it.", "--every 'we"),
        ("add x --text Good morning", "--text has only 'Good', and 'morning' follows it.", "--text 'Good morning'"),
        ("workspace pause default --reason new app", "--reason has only 'new', and 'app' follows it.", "--reason 'n"),
    ],
)
def test_value_without_quotes_asks_for_quotes(run: Run, words: str, error: str, hint: str) -> None:
    done = run(*words.split())
    assert done.returncode == 2
    assert error in done.stderr
    assert hint in done.stderr


@pytest.mark.slow
def test_database_and_config_work_after_the_command(run: Run) -> None:
    run("init", "--database", "other.db", "--config", "other.toml")
    run("--database", "other.db", "add", "a", *ADD)
    for words in (
        ("--database", "other.db", "list"),
        ("list", "--database", "other.db"),
        ("list", "--database=other.db"),
    ):
        assert run(*words).stdout.splitlines()[1].startswith("a ")
    assert run("list", "--config", "other.toml", SCHEDBOT_DATABASE="").stdout.splitlines()[1].startswith("a ")
    assert run("list", "--database", "s.db").stdout == ""
    assert run("workspace", "list", "--database", "none.db").returncode == 2
    assert run("workspace", "--database", "none.db", "list").returncode == 2
    assert run("--database", "none.db", "list", "--database", "other.db").returncode == 0
