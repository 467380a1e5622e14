"""Trial of a named report: it is made once, and again when the report has changed."""

from pathlib import Path

import pytest

from schedbot.errors import ReportFailed
from schedbot.reports import definitions, live_trial
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.live_trial import NamedReportOccurrence
from schedbot.settings import Settings
from tests.support.reports.live_project import write_module
from tests.support.reports.live_reports import MONDAY_9AM

BODY = """
def wrong(context):
    with open(os.path.join(os.path.dirname(__file__), "calls.txt"), "a") as file:
        file.write("x")
    raise ValueError("no orders")

def right(context):
    return "right"
"""


def check(folder: Path, function: str) -> None:
    """Try the report `weekly`, which is a function of the module."""
    config, tables = folder / "schedbot.toml", {"weekly": {"python": f"acme:{function}"}}
    settings = Settings(config=config, database=folder / "schedbot.db", report_tables=tables, python_path=(".",))
    occurrence = LiveOccurrence("weekly", "acme", "default", "C0ACME", MONDAY_9AM, "UTC")
    live_trial.check(definitions.load(settings), NamedReportOccurrence("weekly", occurrence))


@pytest.mark.slow
def test_failure_is_forgotten_once_the_module_changes(tmp_path: Path) -> None:
    write_module(tmp_path, BODY)
    with pytest.raises(ReportFailed, match="no orders"):
        check(tmp_path, "wrong")
    write_module(tmp_path, BODY.replace('raise ValueError("no orders")', 'return "mended"'))
    check(tmp_path, "wrong")


@pytest.mark.slow
def test_failure_is_forgotten_once_the_table_changes(tmp_path: Path) -> None:
    write_module(tmp_path, BODY)
    with pytest.raises(ReportFailed, match="no orders"):
        check(tmp_path, "wrong")
    check(tmp_path, "right")


def test_failing_report_is_tried_once(tmp_path: Path) -> None:
    write_module(tmp_path, BODY)
    for _ in range(2):
        with pytest.raises(ReportFailed, match="no orders"):
            check(tmp_path, "wrong")
    assert (tmp_path / "calls.txt").read_text() == "x"


def test_old_failure_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_trial, "FAILURE_KEPT_S", 0)
    write_module(tmp_path, BODY)
    for _ in range(2):
        with pytest.raises(ReportFailed, match="no orders"):
            check(tmp_path, "wrong")
    assert (tmp_path / "calls.txt").read_text() == "xx"
