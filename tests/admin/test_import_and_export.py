"""What an export writes, an import takes; an update touches nothing but what differs."""

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
from schedbot.admin.import_export.importer import Imported, Source, import_file
from schedbot.store.history import changes
from schedbot.store.schedules import schedules
from tests.support.schedules import Book, opened

HEADER = "name,channel,cron,tz,text\n"
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(LETTERS, min_size=1, max_size=40).filter(str.strip)
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


def take(book: Book, text: str, name: str = "file.csv", update: bool = False) -> Imported:
    return import_file(book.session, Source(name, text.encode(), update=update))


def written(book: Book, form: Format = Format.CSV, *names: str) -> str:
    out = io.StringIO()
    exporter.write(exporter.chosen(book.db, names), form, out)
    return out.getvalue()


def values(book: Book) -> list[dict[str, Any]]:
    return [exporter.values(one) for one in schedules.named_like(book.db)]


def there_and_back(book: Book, form: Format) -> None:
    """What the book holds is exported, and imported into a new database and into its own."""
    exported = written(book, form)
    with TemporaryDirectory() as there, opened(Path(there)) as other:
        take(other, exported, f"file.{form}")
        assert values(other) == values(book)
        assert take(other, exported, f"file.{form}", update=True) == Imported(0, 0, len(values(book)))


@pytest.mark.parametrize("form", list(Format))
def test_every_field_comes_back_the_same(book: Book, tmp_path: Path, form: Format) -> None:
    template = tmp_path / "report.json.j2"
    template.write_text('{"text": "{{ params | length }} given"}')
    more = {"account": "ACME, Inc.", "priority": "high", "misfire": "all", "on_unknown": "resend", "jitter": "30s"}
    book.add("cron", cron="5 4 * * sun", count="3", starts="2026-12-24", text="Hi")
    book.add(
        "once", at="2026-12-24 18:00", tz="Asia/Tokyo", report=str(template), params='{"a": [1, "ü"]}', paused="true"
    )
    book.add("all, of it", grace="1h30m", max_attempts="2", skip_holidays="DE-BY", until="2027-02-01", **more)
    book.add("early", at="2026-12-25 18:00", tz="Asia/Tokyo", skip_holidays="DE", holiday_policy="before")
    there_and_back(book, form)


@pytest.mark.parametrize("form", list(Format))
def test_texts_come_back_to_the_letter(book: Book, form: Format) -> None:
    for number, text in enumerate(TRICKY):
        book.add(f"s{number}", text=text)
    there_and_back(book, form)


@drawn(max_examples=12, deadline=None)
@given(form=st.sampled_from(list(Format)), texts=st.lists(TEXTS, min_size=1, max_size=8))
def test_drawn_texts_come_back_to_the_letter(form: Format, texts: list[str]) -> None:
    with TemporaryDirectory() as here, opened(Path(here)) as book:
        for number, text in enumerate(texts):
            book.add(f"s{number}", text=text)
        there_and_back(book, form)


def test_columns_may_be_left_out_stand_in_any_order_and_be_empty(book: Book) -> None:
    rows = [",UTC,Hi,a,0 9 * * *,C0000000001,", "HIGH,UTC,Hi,b,0 9 * * *,C1234567,2h"]
    text = "\n".join(["priority,tz,text,name,cron,channel,grace", *rows])
    assert take(book, text) == Imported(2, 0, 0)
    assert [(one["priority"], one["grace"]) for one in values(book)] == [("normal", "6h"), ("high", "2h")]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_spreadsheets_own_separator_and_byte_order_mark_are_taken(book: Book, mark: str) -> None:
    text = "\ufeff" + (HEADER + "a,C0000000001,0 9 * * *,UTC,Hi\n").replace(",", mark).replace("\n", "\r\n")
    assert take(book, text) == Imported(1, 0, 0)


def test_the_form_is_seen_from_the_content_where_no_ending_says_it(book: Book) -> None:
    line = '{"name": "a", "channel": "C0000000001", "every": "day at 9:00", "tz": "UTC", "text": "Hi", "count": 2}\n'
    assert take(book, "\n" + line, "stdin") == Imported(1, 0, 0)
    assert take(book, HEADER + "b,C0000000001,0 9 * * *,UTC,Hi\n", "stdin") == Imported(1, 0, 0)


def test_an_update_changes_what_differs_adds_what_is_new_and_leaves_the_rest(book: Book) -> None:
    for name in ("a", "b"):
        book.add(name, cron="0 9 * * *")
    rows = "a,C0000000001,0 9 * * *,UTC,Hi\nb,C0000000001,0 9 * * *,UTC,Ho\nc,C0000000001,0 9 * * *,UTC,Hi\n"
    assert take(book, HEADER + rows, update=True) == Imported(1, 1, 1)
    assert [(one.name, one.version, one.terms.report.source) for one in schedules.named_like(book.db)] == [
        ("a", 1, "Hi"),
        ("b", 2, "Ho"),
        ("c", 1, "Hi"),
    ]


def test_an_update_that_repeats_a_past_instant_is_no_change(book: Book) -> None:
    book.add("once", at="2026-12-01 09:30", starts="2026-12-01 09:00")
    exported = written(book)
    book.utc = "2026-12-02 12:00:00"
    assert take(book, exported, update=True) == Imported(0, 0, 1)


def test_an_import_within_the_look_ahead_makes_the_occurrence_of_each(book: Book) -> None:
    book.add("before")
    rows = "".join(f"s{n},C000000000{n},0 9 * * *,UTC,Hi\n" for n in range(3))
    take(book, HEADER + rows)
    assert book.jobs() == ["2026-12-01 09:00 queued"] * 4
    book.tick("2026-12-01 09:00:10")
    assert len(book.jobs()) == 4


def test_each_schedule_of_an_import_has_its_record(book: Book) -> None:
    take(book, HEADER + "a,C0000000001,0 9 * * *,UTC,Hi\n")
    change = changes.last(book.db, "schedule", book.stands("a").id)
    assert change
    assert (change.command, change.actor, change.before) == ("import", "tester@house", None)


def test_a_dry_run_counts_and_changes_nothing(book: Book) -> None:
    source = Source("file.csv", (HEADER + "a,C0000000001,0 9 * * *,UTC,Hi\n").encode())
    assert import_file(book.session, source, dry_run=True) == Imported(1, 0, 0)
    assert values(book) == []


def test_what_is_over_is_not_exported_and_globs_choose(book: Book) -> None:
    book.add("acme-1")
    book.add("acme-once", at="2026-12-01 09:00")
    book.add("other")
    book.tick("2026-12-01 09:05:00")
    names = [line.split(",")[0] for line in written(book, Format.CSV, "acme-*").splitlines()]
    assert names == ["name", "acme-1"]


def test_a_suspended_schedule_comes_back_paused(book: Book) -> None:
    book.add("a")
    with book.db.writing():
        book.db.execute("UPDATE schedules SET state = 'suspended', reason = 'is_archived'")
    assert values(book)[0]["paused"] is True


def test_nothing_is_exported_as_nothing(book: Book) -> None:
    assert written(book) == written(book, Format.JSONL) == ""
