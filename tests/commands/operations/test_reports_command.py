"""`schedbot reports` and `reports check`, with schedules that name reports of the configuration."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.support.app import App

MODULE = """
from schedbot.reports import File, Message, skip, not_ready

def report(context):
    if context.account == "broken":
        raise ValueError("no such account")
    if context.account == "quiet":
        return skip("no orders")
    if context.account == "module":
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    if context.account == "chart":
        return Message("Orders", files=[File("chart.png", b"no picture")])
    return f"Orders of {context.account}"
"""
TABLES = """
python_path = ["."]
[reports.weekly]
python = "acme_weekly:report"
[reports.note]
text = "Good morning"
[reports.wrong]
pyhton = "acme_weekly:report"
"""
ADD = ("--every", "day at 9:00", "--tz", "UTC", "--channel", "C0123456789")


@pytest.fixture
def reporting(app: App) -> App:
    (app.folder / "acme_weekly.py").write_text(MODULE)
    app.config.write_text(TABLES + app.config.read_text())
    return app


def run(app: App, *words: str, code: int = 0) -> str:
    """Run a command that ends with `code`. Return its output, or with an error what it says on stderr."""
    result = app.run(*words)
    assert result.returncode == code, result.stderr
    return result.stderr if code == 2 else result.stdout


def lines_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def add(app: App, name: str, account: str, report: str = "weekly") -> None:
    run(app, "add", name, *ADD, "--account", account, "--report", report)


def set_account(app: App, name: str, account: str) -> None:
    """Change the account without a trial of the report."""
    with app.db.writing():
        app.db.execute("UPDATE schedules SET account = :account WHERE name = :name", {"account": account, "name": name})


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "ok"), [(1, True), (2, False)], ids=["killed once", "killed twice"])
def test_killed_report_is_rendered_once_more(reporting: App, kills: int, ok: bool) -> None:
    add(reporting, "one", "acme")
    kill = "import os\nif (n := len(os.listdir('kills'))) < {}:\n  open(f'kills/{{n}}', 'w'); os.kill(os.getpid(), 9)\n"
    (reporting.folder / "kills").mkdir()
    (reporting.folder / "acme_weekly.py").write_text(kill.format(kills) + MODULE)
    (line,) = lines_of(run(reporting, "reports", "check", "weekly", "--json", code=0 if ok else 1))
    assert (line["ok"], "SIGKILL" in (line["error"] or "")) == (ok, not ok)


def test_list_shows_kind_place_schedules_and_problem(reporting: App) -> None:
    add(reporting, "acme", "acme")
    listed = {entry["name"]: entry for entry in lines_of(run(reporting, "reports", "--json"))}
    assert list(listed) == ["note", "weekly", "wrong"]
    weekly = listed["weekly"]
    assert (weekly["kind"], weekly["place"], weekly["schedules"]) == ("python", "acme_weekly:report", 1)
    assert (weekly["last_at"], weekly["last_outcome"], weekly["p95_ms"]) == (None, None, None)
    assert listed["wrong"]["problem"] == "[reports.wrong] does not say where the report comes from."


def test_list_shows_the_last_result(reporting: App) -> None:
    add(reporting, "acme", "acme")
    run(reporting, "run-now", "acme")
    run(reporting, "work", "--drain")
    (weekly,) = [entry for entry in lines_of(run(reporting, "reports", "--json")) if entry["name"] == "weekly"]
    assert weekly["last_outcome"] == "posted"
    assert weekly["last_at"] is not None
    assert isinstance(weekly["p95_ms"], int)


def test_check_lists_each_schedule_that_fails(reporting: App) -> None:
    add(reporting, "good", "acme")
    add(reporting, "bad", "acme")
    set_account(reporting, "bad", "broken")
    checked = run(reporting, "reports", "check", "weekly", code=1)
    assert "FAILED bad (weekly): acme_weekly:report raised ValueError: no such account." in checked
    assert "acme_weekly.py:6 in report: raise ValueError" in checked
    assert "1 report ok, 1 failed." in checked
    lines = run(reporting, "reports", "check", "weekly", "--json", code=1).splitlines()
    entries = {entry["schedule"]: entry for entry in map(json.loads, lines)}
    assert entries["good"]["ok"] is True
    assert entries["bad"]["ok"] is False
    assert set(entries["good"]) == {"schedule", "report", "ok", "error", "took_ms", "note"}


def test_check_posts_nothing(reporting: App) -> None:
    add(reporting, "good", "acme")
    run(reporting, "reports", "check", "weekly")
    assert reporting.audit() == []


def test_check_names_an_invalid_table(reporting: App) -> None:
    assert "FAILED wrong: [reports.wrong] does not say" in run(reporting, "reports", "check", code=1)


def test_skip_is_no_failure(reporting: App) -> None:
    add(reporting, "quiet", "quiet")
    assert "ok     quiet (weekly): nothing to report: no orders" in run(reporting, "reports", "check", "weekly")


def test_missing_module_is_named_with_the_extra(reporting: App) -> None:
    add(reporting, "module", "acme")
    set_account(reporting, "module", "module")
    assert "Install schedbot[charts]." in run(reporting, "reports", "check", "weekly", code=1)


def test_picture_that_cannot_be_drawn_is_named(reporting: App) -> None:
    add(reporting, "chart", "chart")
    assert "ok     chart (weekly): cannot draw 'chart.png'" in run(reporting, "reports", "check", "weekly")
    (entry,) = lines_of(run(reporting, "reports", "check", "weekly", "--json"))
    assert (entry["ok"], "cannot draw 'chart.png'" in entry["note"]) == (True, True)


def test_name_wins_over_a_path(reporting: App) -> None:
    (reporting.folder / "note").write_text("{}")
    add(reporting, "acme", "acme", "note")
    (schedule,) = lines_of(run(reporting, "list", "--json"))
    assert schedule["report"] == "note"


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        ("wekly", "No report named 'wekly' exists, and no template file."),
        ("wrong", "[reports.wrong] does not say where the report comes from."),
    ],
)
def test_add_refuses_a_report_that_cannot_be_used(reporting: App, report: str, problem: str) -> None:
    refused = run(reporting, "add", "acme", *ADD, "--report", report, code=2)
    assert problem in refused
    assert lines_of(run(reporting, "list", "--json")) == []


def test_add_tries_the_report_and_shows_its_frames(reporting: App) -> None:
    refused = run(reporting, "add", "acme", *ADD, "--report", "weekly", "--account", "broken", code=2)
    assert "acme_weekly:report raised ValueError: no such account." in refused
    assert 'acme_weekly.py:6 in report: raise ValueError("no such account")' in refused


def test_preview_says_that_there_is_nothing_to_report(reporting: App) -> None:
    add(reporting, "quiet", "quiet")
    assert run(reporting, "preview", "quiet") == "Nothing to report: no orders\n"
    assert run(reporting, "preview", "quiet", "--json") == ""


def test_on_empty_is_posted_instead_of_a_skip(reporting: App) -> None:
    run(reporting, "add", "quiet", *ADD, "--account", "quiet", "--report", "weekly", "--on-empty", "All quiet.")
    assert run(reporting, "preview", "quiet") == "All quiet.\n"
    (schedule,) = lines_of(run(reporting, "list", "--json"))
    assert schedule["on_empty"] == "All quiet."


def test_unknown_report_name_is_refused(reporting: App) -> None:
    assert "Did you mean 'weekly'?" in run(reporting, "reports", "wekly", code=2)
    assert "Did you mean 'weekly'?" in run(reporting, "reports", "check", "wekly", code=2)


def test_import_can_name_a_report_and_no_function(reporting: App, tmp_path: Path) -> None:
    file = tmp_path / "schedules.csv"
    file.write_text("name,cron,tz,channel,report\na,0 9 * * *,UTC,C0123456789,weekly\n")
    run(reporting, "import", str(file))
    file.write_text("name,cron,tz,channel,report\nb,0 9 * * *,UTC,C0123456789,acme_weekly:report\n")
    assert "No report named 'acme_weekly:report'" in run(reporting, "import", str(file), code=2)


def test_test_send_posts_nothing_for_an_empty_report(reporting: App) -> None:
    add(reporting, "quiet", "quiet")
    result = reporting.run("test-send", "quiet")
    assert (result.returncode, reporting.posts()) == (1, [])
    assert "Nothing was posted. Nothing to report: no orders" in result.stderr


def test_test_send_goes_to_the_person_of_a_variable(reporting: App) -> None:
    add(reporting, "acme", "acme")
    assert "SCHEDBOT_ME is not set" in run(reporting, "test-send", "acme", "--to", "@me", code=2)
    bad = reporting.run("test-send", "acme", "--to", "@me", SCHEDBOT_ME="C0123456789")
    assert (bad.returncode, "not a user id" in bad.stderr) == (2, True)
    sent = reporting.run("test-send", "acme", "--to", "@me", "--json", SCHEDBOT_ME="U0123456789")
    assert json.loads(sent.stdout)["channel"] == "U0123456789"


def test_preview_prints_a_link_to_block_kit_builder(reporting: App) -> None:
    add(reporting, "acme", "acme")
    address, _, content = run(reporting, "preview", "acme", "--open").strip().partition("#")
    assert address == "https://app.slack.com/block-kit-builder/"
    assert json.loads(unquote(content))["blocks"][0]["text"]["text"] == "Orders of acme"


def test_audit_and_why_give_the_reason_of_a_failed_report(reporting: App) -> None:
    add(reporting, "bad", "acme")
    set_account(reporting, "bad", "broken")
    run(reporting, "run-now", "bad")
    reporting.work()
    reason = "acme_weekly:report raised ValueError: no such account"
    assert reporting.audit()[0]["why"] == f"render_failed: {reason}"
    frame = 'acme_weekly.py:6 in report: raise ValueError("no such account")'
    assert [line.strip() for line in run(reporting, "why", "bad").splitlines()][2:4] == [f"{reason}.", frame]
    assert frame in [line.strip() for line in run(reporting, "audit", "1").splitlines()]


def test_audit_says_why_a_report_is_not_ready(reporting: App) -> None:
    (reporting.folder / "acme_weekly.py").write_text(
        "from schedbot.reports import not_ready\ndef report(context):\n    return not_ready('the load runs', '5m')\n"
    )
    add(reporting, "acme", "acme")
    run(reporting, "run-now", "acme")
    reporting.work()
    (job,) = reporting.audit()
    assert (job["state"], job["attempts"][0]["outcome"]) == ("queued", "not_ready")
    assert job["why"].startswith("not_ready: the load runs; asked again in ")
    assert "The data of the report was not there yet. the load runs" in run(reporting, "audit", "1")
