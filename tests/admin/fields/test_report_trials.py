"""Trials of reports by add, edit and import: with the schedule's own account, name, zone and next occurrence."""

from pathlib import Path

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.errors import BadFile
from tests.support.schedules import Schedules

BY_ACCOUNT = '{% include account ~ ".j2" %}'


@pytest.fixture
def by_account(tmp_path: Path) -> str:
    """A template that includes a file for each account; there are files for acme and globex."""
    for account in ("acme", "globex"):
        (tmp_path / f"{account}.j2").write_text('{"text": "Hello"}')
    (tmp_path / "by_account.j2").write_text(BY_ACCOUNT)
    return str(tmp_path / "by_account.j2")


def test_template_is_tried_with_the_schedules_account(schedules: Schedules, by_account: str) -> None:
    schedules.add("good", account="acme", report=by_account)
    with pytest.raises(BadField, match=r"no file 'initech\.j2' to include") as refused:
        schedules.add("bad", account="initech", report=by_account)
    assert refused.value.column == "report"


def test_edited_account_is_tried_with_the_template(schedules: Schedules, by_account: str) -> None:
    schedules.add("daily", account="acme", report=by_account)
    schedules.edit("daily", account="globex")
    with pytest.raises(BadField, match=r"no file 'initech\.j2' to include"):
        schedules.edit("daily", account="initech")


def test_template_is_tried_with_the_next_occurrence(schedules: Schedules, tmp_path: Path) -> None:
    source = '{% if due.hour == 21 and due.month == 12 and schedule == "late" %}{{ missing }}{% endif %}{"text": "x"}'
    (tmp_path / "report.j2").write_text(source)
    late = {"cron": "0 21 * * *", "tz": "Asia/Tokyo", "report": str(tmp_path / "report.j2")}
    schedules.add("early", **late)
    schedules.add("late", **{**late, "starts": "2027-01-05"})
    schedules.edit("late", starts="")
    with pytest.raises(BadField, match="needs the parameter 'missing'"):
        schedules.edit("late", params='{"x": 1}')


def test_import_tries_each_account_of_a_template(schedules: Schedules, by_account: str) -> None:
    lines = [
        f"s{number},{account},C0000000001,0 9 * * *,UTC,{by_account}"
        for number, account in enumerate(["acme", "initech", "globex", "hooli", "acme", "hooli"])
    ]
    file = "\n".join(["name,account,channel,cron,tz,report", *lines]).encode()
    with pytest.raises(BadFile) as refused:
        importer.import_file(schedules.session, Source("s.csv", file))
    assert [line[:60] for line in refused.value.lines] == [
        "line 3: report: The template's folder has no file 'initech.j",
        "line 5: report: The template's folder has no file 'hooli.j2'",
    ]


@pytest.mark.slow
def test_import_tries_a_template_for_a_thousand_lines(schedules: Schedules, tmp_path: Path) -> None:
    (tmp_path / "report.j2").write_text('{"text": "{{ account }}"}')
    rows = [f"s{n},a{n % 1_500},C0000000001,0 9 * * *,UTC,{tmp_path / 'report.j2'}" for n in range(1_600)]
    file = "\n".join(["name,account,channel,cron,tz,report", *rows]).encode()
    imported = importer.import_file(schedules.session, Source("s.csv", file))
    assert (imported.added, imported.not_rendered) == (1_600, 500)
