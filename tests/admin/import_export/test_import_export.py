"""An import reads what an export writes, and an update changes nothing else."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from schedbot.admin.import_export import exporter
from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import ImportResult, Source, import_file
from schedbot.reports import escaping
from schedbot.store.history import changes
from schedbot.store.schedules import schedules as schedule_rows
from tests.support.schedules import Schedules, open_schedules

HEADER = "name,channel,cron,tz,text\n"
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: escaping.clean(text.strip()).strip())
TRICKY = [
    "a,b",
    'say "hi"',
    "one\ntwo",
    "lone\rreturn",
    "\r\n.",
    " pad ",
    "ü€😀",
    "\u2028|\x85",
    "'=1",
    "none",
    "\\n",
    "\ufeff.",
]


def import_text(schedules: Schedules, text: str, name: str = "file.csv", update: bool = False) -> ImportResult:
    return import_file(schedules.session, Source(name, text.encode(), update=update))


def export_text(schedules: Schedules, form: Format = Format.CSV, *names: str) -> str:
    out = io.StringIO()
    exporter.write(exporter.find_schedules(schedules.db, names), form, out)
    return out.getvalue()


def values(schedules: Schedules) -> list[dict[str, Any]]:
    return [exporter.to_values(schedule) for schedule in schedule_rows.list_matching(schedules.db)]


def check_round_trip(schedules: Schedules, form: Format) -> None:
    """Export all schedules, then import them into a new database twice."""
    exported = export_text(schedules, form)
    with TemporaryDirectory() as there, open_schedules(Path(there)) as other:
        import_text(other, exported, f"file.{form}")
        assert values(other) == values(schedules)
        assert import_text(other, exported, f"file.{form}", update=True) == ImportResult(0, 0, len(values(schedules)))


@pytest.mark.parametrize("form", list(Format))
def test_every_field_is_imported_as_exported(schedules: Schedules, tmp_path: Path, form: Format) -> None:
    template = tmp_path / "report.json.j2"
    template.write_text('{"text": "{{ params | length }} given"}')
    more = {"account": "ACME, Inc.", "priority": "high", "misfire": "all", "on_unknown": "resend", "jitter": "30s"}
    schedules.add("cron", cron="5 4 * * sun", count="3", starts="2026-12-24", text="Hi")
    schedules.add(
        "once", at="2026-12-24 18:00", tz="Asia/Tokyo", report=str(template), params='{"a": [1, "ü"]}', paused="true"
    )
    schedules.add("all, of it", grace="1h30m", max_attempts="2", skip_holidays="DE-BY", until="2027-02-01", **more)
    schedules.add("early", at="2026-12-25 18:00", tz="Asia/Tokyo", skip_holidays="DE", holiday_policy="before")
    check_round_trip(schedules, form)


@pytest.mark.parametrize("form", list(Format))
def test_difficult_texts_are_imported_as_exported(schedules: Schedules, form: Format) -> None:
    for number, text in enumerate(TRICKY):
        schedules.add(f"s{number}", text=text)
    check_round_trip(schedules, form)


@drawn(max_examples=12, deadline=None)
@given(form=st.sampled_from(list(Format)), texts=st.lists(TEXTS, min_size=1, max_size=8))
def test_random_texts_are_imported_as_exported(form: Format, texts: list[str]) -> None:
    with TemporaryDirectory() as here, open_schedules(Path(here)) as schedules:
        for number, text in enumerate(texts):
            schedules.add(f"s{number}", text=text)
        check_round_trip(schedules, form)


def test_columns_may_be_missing_reordered_or_empty(schedules: Schedules) -> None:
    rows = [",UTC,Hi,a,0 9 * * *,C0000000001,", "HIGH,UTC,Hi,b,0 9 * * *,C1234567,2h"]
    text = "\n".join(["priority,tz,text,name,cron,channel,grace", *rows])
    assert import_text(schedules, text) == ImportResult(2, 0, 0)
    assert [(row["priority"], row["grace"]) for row in values(schedules)] == [("normal", "6h"), ("high", "2h")]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_delimiters_and_byte_order_mark_are_read(schedules: Schedules, mark: str) -> None:
    text = "\ufeff" + (HEADER + "a,C0000000001,0 9 * * *,UTC,Hi\n").replace(",", mark).replace("\n", "\r\n")
    assert import_text(schedules, text) == ImportResult(1, 0, 0)


def test_format_is_detected_from_the_content(schedules: Schedules) -> None:
    line = '{"name": "a", "channel": "C0000000001", "every": "day at 9:00", "tz": "UTC", "text": "Hi", "count": 2}\n'
    assert import_text(schedules, "\n" + line, "stdin") == ImportResult(1, 0, 0)
    assert import_text(schedules, HEADER + "b,C0000000001,0 9 * * *,UTC,Hi\n", "stdin") == ImportResult(1, 0, 0)


def test_update_changes_only_what_differs(schedules: Schedules) -> None:
    for name in ("a", "b"):
        schedules.add(name, cron="0 9 * * *")
    rows = "a,C0000000001,0 9 * * *,UTC,Hi\nb,C0000000001,0 9 * * *,UTC,Ho\nc,C0000000001,0 9 * * *,UTC,Hi\n"
    assert import_text(schedules, HEADER + rows, update=True) == ImportResult(1, 1, 1)
    assert [
        (entry.name, entry.version, entry.terms.report.source) for entry in schedule_rows.list_matching(schedules.db)
    ] == [
        ("a", 1, "Hi"),
        ("b", 2, "Ho"),
        ("c", 1, "Hi"),
    ]


def test_update_with_a_past_instant_is_no_change(schedules: Schedules) -> None:
    schedules.add("once", at="2026-12-01 09:30", starts="2026-12-01 09:00")
    exported = export_text(schedules)
    schedules.utc = "2026-12-02 12:00:00"
    assert import_text(schedules, exported, update=True) == ImportResult(0, 0, 1)


def test_import_enqueues_within_the_look_ahead(schedules: Schedules) -> None:
    schedules.add("before")
    rows = "".join(f"s{n},C000000000{n},0 9 * * *,UTC,Hi\n" for n in range(3))
    import_text(schedules, HEADER + rows)
    assert schedules.jobs() == ["2026-12-01 09:00 queued"] * 4
    schedules.tick("2026-12-01 09:00:10")
    assert len(schedules.jobs()) == 4


def test_import_records_each_schedule(schedules: Schedules) -> None:
    import_text(schedules, HEADER + "a,C0000000001,0 9 * * *,UTC,Hi\n")
    change = changes.last(schedules.db, "schedule", schedules.get("a").id)
    assert change
    assert (change.command, change.actor, change.before) == ("import", "tester@host", None)


def test_dry_run_counts_and_changes_nothing(schedules: Schedules) -> None:
    source = Source("file.csv", (HEADER + "a,C0000000001,0 9 * * *,UTC,Hi\n").encode())
    assert import_file(schedules.session, source, dry_run=True) == ImportResult(1, 0, 0)
    assert values(schedules) == []


def test_finished_schedules_are_not_exported(schedules: Schedules) -> None:
    schedules.add("acme-1")
    schedules.add("acme-once", at="2026-12-01 09:00")
    schedules.add("other")
    schedules.tick("2026-12-01 09:05:00")
    names = [line.split(",")[0] for line in export_text(schedules, Format.CSV, "acme-*").splitlines()]
    assert names == ["name", "acme-1"]


def test_suspended_schedule_is_exported_as_paused(schedules: Schedules) -> None:
    schedules.add("a")
    with schedules.db.writing():
        schedules.db.execute("UPDATE schedules SET state = 'suspended', reason = 'is_archived'")
    assert values(schedules)[0]["paused"] is True


def test_no_schedules_are_exported_as_nothing(schedules: Schedules) -> None:
    assert export_text(schedules) == export_text(schedules, Format.JSONL) == ""
