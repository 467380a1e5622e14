"""Posts of reports from queries and programs, by a pool with its renderers."""

import sqlite3
from contextlib import closing

import pytest

from tests.support.app import App
from tests.support.reports.live_project import configure

CONFIG = """
[databases.warehouse]
url = "sqlite:///sales.db"

[reports.sales]
query = "sales.sql"
database = "warehouse"

[reports.legacy]
command = ["./report", "--account", "{account}"]

[reports.late]
command = ["./late"]
timeout = "1s"
"""

LATE = """#!/bin/sh
grep -q '"is_preview": true' && echo trial && exit
echo waiting for the load >&2
sleep 60
"""


def write_reports(app: App) -> None:
    """Write the configuration, the database of sales and the programs."""
    with closing(sqlite3.connect(app.folder / "sales.db")) as connection, connection:
        connection.execute("CREATE TABLE sales (account TEXT, orders INTEGER)")
        connection.execute("INSERT INTO sales VALUES ('acme', 42)")
    (app.folder / "sales.sql").write_text("SELECT orders FROM sales WHERE account = :account")
    (app.folder / "report").write_text("#!/bin/sh\necho \"Sales of $2: $(env | grep -c -i -E 'xoxb|slack')\"\n")
    (app.folder / "late").write_text(LATE)
    for program in ("report", "late"):
        (app.folder / program).chmod(0o755)
    configure(app, CONFIG)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text"), [("sales", "orders\n42"), ("legacy", "Sales of acme: 0")])
def test_report_is_posted_from_live_data(app: App, name: str, text: str) -> None:
    write_reports(app)
    app.add_due_jobs(1, account="acme", text="", report=name)
    app.work()
    assert [post["text"] for post in app.posts()] == [text]


@pytest.mark.slow
def test_late_program_says_so_in_the_audit(app: App) -> None:
    write_reports(app)
    app.add_due_jobs(1, account="acme", text="", report="late")
    app.work()
    (job,) = app.audit()
    assert (job["state"], job["attempts"][0]["error"]) == ("failed", "render_failed")
    detail = job["attempts"][0]["detail"]
    assert "The command 'late' took longer than 1 s and was ended." in detail
    assert "waiting for the load" in detail


@pytest.mark.slow
def test_late_program_says_so_in_a_preview(app: App) -> None:
    write_reports(app)
    app.add_schedule("late", text="", report="late", cron="0 9 * * *")
    (app.folder / "late").write_text("#!/bin/sh\nsleep 60\n")
    result = app.run("preview", "late")
    assert result.returncode == 1
    assert "The command 'late' took longer than 1 s and was ended." in result.stderr
