"""Commands with a report that has a picture and a file: `test-send`, `preview`, `work --dry-run`."""

import pytest

from tests.support.app import App
from tests.support.reports.live_project import configure, write_module

REPORT = """
from schedbot.reports import File


def report(context):
    chart = File("chart.png", b"\\x89PNG\\r\\n\\x1a\\n" + bytes(64), alt="Sales by week")
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": "Sales"}}] * 60  # the picture is in the thread
    return Message("Sales", sections, files=[chart, File("sales.csv", b"week,sales", title="All sales")])
"""
TABLE = '[reports.sales]\npython = "acme:report"\n'


@pytest.fixture
def project(app: App) -> App:
    """An installation with a report that has files."""
    write_module(app.folder, REPORT)
    configure(app, TABLE)
    app.add_schedule("sales", cron="* * * * *", report="sales", text="")
    return app


@pytest.mark.slow
def test_test_send_shows_the_picture_and_shares_the_file(project: App) -> None:
    done = project.run("test-send", "sales", "--to", "U0SANDBOX01")
    assert done.returncode == 0, done.stderr
    message, *_, reply, share = project.posts()
    chart, csv = project.slack.files()
    pictures = [block["slack_file"] for block in reply["blocks"] if block["type"] == "image"]
    assert pictures == [{"id": chart["id"]}]
    assert (share["thread_ts"], [file["id"] for file in share["files"]]) == (message["ts"], [csv["id"]])
    assert project.slack.content(csv["id"]) == b"week,sales"


@pytest.mark.slow
def test_test_send_goes_without_a_refused_picture(project: App) -> None:
    project.slack.order("error", method="files.getUploadURLExternal", code="missing_scope", times="forever")
    done = project.run("test-send", "sales")
    *_, reply = project.posts()
    assert "The picture cannot be shown here (missing_files_scope)." in str(reply["blocks"])
    assert (done.returncode, done.stdout) == (1, "")
    assert "lacks a scope that files need" in done.stderr
    assert "schedbot workspace check default" in done.stderr


@pytest.mark.slow
def test_preview_and_dry_run_keep_no_files(project: App) -> None:
    project.tick()
    for words in (("preview", "sales"), ("work", "--dry-run")):
        done = project.run(*words)
        assert done.returncode == 0, done.stderr
    assert "sales.csv" in project.run("preview", "sales").stdout
    assert not project.path.with_name("schedbot.db-files").exists()
    assert project.slack.files() == []
