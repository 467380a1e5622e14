"""Schedules with an RFC 5545 rule: added, exported, imported and edited."""

import io
from pathlib import Path

from schedbot.admin.import_export import exporter, importer
from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import ImportResult, Source
from schedbot.admin.schedules import serialize
from schedbot.rules.recurrence import describe
from tests.support.app import App
from tests.support.schedules import Schedules, open_schedules

FORTNIGHT = "2 weeks on friday at 16:00"
HEADER = "name,channel,tz,text,every,starts\n"


def load(schedules: Schedules, text: str, update: bool = True) -> ImportResult:
    return importer.import_file(schedules.session, Source("file.csv", text.encode(), None, update))


def test_interval_without_a_start_counts_from_now(schedules: Schedules) -> None:
    schedule = schedules.add(every=FORTNIGHT, tz="America/New_York")
    assert schedules.next() == "2026-12-04 21:00"
    assert describe(schedule.recurrence).endswith("counted from Fri 4 Dec 2026, New York time")


def test_interval_counts_from_the_start(schedules: Schedules) -> None:
    schedules.add(every=FORTNIGHT, starts="2026-12-11")
    assert schedules.next() == "2026-12-11 16:00"
    schedules.tick("2026-12-11 15:59:00")
    schedules.tick("2026-12-18 15:59:00")
    assert schedules.jobs() == ["2026-12-11 16:00 queued"]
    assert schedules.next() == "2026-12-25 16:00"


def test_rrule_schedule_is_enqueued_once(schedules: Schedules) -> None:
    schedules.add(every="last business day at 9:00")
    for utc in ("2026-12-31 08:59:00", "2026-12-31 09:00:00", "2027-01-29 08:59:00"):
        schedules.tick(utc)
    assert schedules.jobs() == ["2026-12-31 09:00 queued", "2027-01-29 09:00 queued"]


def test_tomorrow_at_nine_is_an_instant(schedules: Schedules) -> None:
    schedules.add(at="tomorrow 9am", tz="America/New_York")
    assert schedules.next() == "2026-12-02 14:00"


def test_exported_rule_is_the_same_weeks_later(schedules: Schedules, tmp_path: Path) -> None:
    schedule = schedules.add(every=FORTNIGHT, window="mon-fri 08:00-18:00", outside="skip", blackout="2026-12-24")
    output = io.StringIO()
    exporter.write([schedule], Format.CSV, output)
    (tmp_path / "other").mkdir()
    with open_schedules(tmp_path / "other") as other:
        other.utc = "2026-12-12 10:00:00"  # an off week
        assert load(other, output.getvalue(), update=False) == ImportResult(1, 0, 0)
        assert serialize.to_columns(other.get()) == serialize.to_columns(schedule)
        assert other.next() == "2026-12-18 16:00"


def test_same_phrase_in_an_off_week_changes_nothing(schedules: Schedules) -> None:
    line = f"daily,C0000000001,UTC,Hi,{FORTNIGHT},2026-12-04\n"
    load(schedules, HEADER + line)
    schedules.utc = "2026-12-08 10:00:00"
    assert load(schedules, HEADER + line) == ImportResult(0, 0, 1)
    assert schedules.edit(every=FORTNIGHT).differences == []
    assert schedules.next() == "2026-12-18 16:00"


def test_add_describes_the_rule_with_three_instants(app: App) -> None:
    options = ("--tz", "Asia/Tokyo", "--channel", "C0000000001", "--text", "Hi")
    done = app.run("add", "report", "--every", "2 weeks on friday at 16:00", *options, "--starts", "2030-01-01")
    assert done.returncode == 0, done.stderr
    assert "at 16:00 every 2 weeks on Friday, counted from Fri 4 Jan 2030, Tokyo time" in done.stdout
    assert [line.split("JST")[0].strip() for line in done.stdout.splitlines() if "JST" in line] == [
        "Fri 4 Jan 2030 16:00",
        "Fri 18 Jan 2030 16:00",
        "Fri 1 Feb 2030 16:00",
    ]


def test_another_zone_keeps_local_times_and_weeks(schedules: Schedules) -> None:
    schedules.add(every=FORTNIGHT)
    schedules.edit(tz="America/New_York")
    assert schedules.next() == "2026-12-04 21:00"
    assert serialize.to_columns(schedules.get())["every"] == f"{FORTNIGHT} from 2026-12-04"
