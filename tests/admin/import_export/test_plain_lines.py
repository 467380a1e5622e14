"""Lines that are checked column by column get the values, the errors and the order of lines that are parsed alone."""

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export.formats import Record
from schedbot.admin.import_export.import_plan import BATCH
from schedbot.admin.import_export.importer import Source, import_file
from schedbot.admin.import_export.plain_lines import split
from schedbot.admin.import_export.repeated_terms import NewSchedule, RepeatedTerms
from schedbot.errors import BadFile
from schedbot.reports.definitions import NO_DEFINITIONS
from tests.support.schedules import Schedules, ms

NOW = ms("2026-12-01 08:00:00")
LINE = {"name": "a", "account": "", "cron": "0 9 * * *", "tz": "UTC", "channel": "C0123456789", "text": "Hi"}
HEADER = "name,channel,cron,tz,text\n"


def parse_plain(terms: RepeatedTerms, line: dict[str, str]) -> NewSchedule | None:
    ((_, plain),) = split([Record(2, line)], terms)
    return plain and next(plain.each())[1]


@pytest.mark.parametrize(
    "cells",
    [
        *({"name": name} for name in ("", "b", "-b", "b*", "b\x07", " b", "b" * 201, "b\nc", "Ü")),
        *({"channel": channel} for channel in ("", "x", "#general", "U0123456789", "C012345678")),
        *({"text": text} for text in ("", " ", "Ho\nho", "x" * 2_001, "x" * 40_001, "😀")),
        *({"account": account} for account in ("42", "a\x07", "4" * 201)),
        {"report": "report.md"},
        {"report": "", "params": ""},
        {"params": '{"a": 1}'},
    ],
)
def test_plain_line_equals_a_line_alone(cells: dict[str, str]) -> None:
    terms = RepeatedTerms(NOW, {}, NO_DEFINITIONS)
    for known in (LINE, LINE | {"report": "", "params": ""}):
        terms.parse(known)
    line = LINE | cells
    plain = parse_plain(terms, line)
    try:
        alone = terms.parse(line)
    except BadField:
        assert plain is None
    else:
        assert plain in (None, alone)


def test_line_with_new_terms_is_not_plain() -> None:
    terms = RepeatedTerms(NOW, {}, NO_DEFINITIONS)
    terms.parse(LINE)
    lines = [LINE, LINE | {"cron": "1 9 * * *"}, LINE | {"name": "b"}]
    runs = list(split([Record(number, line) for number, line in enumerate(lines)], terms))
    assert [(len(records), plain is not None) for records, plain in runs] == [(1, True), (1, False), (1, True)]


def build_file(changed: dict[int, str]) -> bytes:
    rows = [changed.get(number, f"s{number},C0000000001,0 9 * * *,UTC,Hi") for number in range(3 * BATCH)]
    return (HEADER + "\n".join(rows)).encode()


def test_bad_lines_among_plain_ones_are_listed(schedules: Schedules) -> None:
    bad = {BATCH + 1: "s0,C0000000001,0 9 * * *,UTC,Hi", BATCH + 9: "x,#general,0 9 * * *,UTC,Hi"}
    with pytest.raises(BadFile) as error:
        import_file(schedules.session, Source("file.csv", build_file(bad)))
    repeated, channel = error.value.lines
    assert repeated.startswith(f"line {BATCH + 3}: name: The name 's0' is also in line 2.")
    assert channel.startswith(f"line {BATCH + 11}: channel: '#general' is a name.")


def test_plain_lines_are_written_in_their_order(schedules: Schedules) -> None:
    other = {2 * BATCH + 7: "other,C0000000001,1 9 * * *,UTC,Hi"}
    assert import_file(schedules.session, Source("file.csv", build_file(other))).added == 3 * BATCH
    names = schedules.db.texts("SELECT name FROM changes WHERE kind = 'schedule' ORDER BY id")
    assert names == [other.get(number, f"s{number}").split(",")[0] for number in range(3 * BATCH)]
    assert names == schedules.db.texts("SELECT name FROM schedules ORDER BY id")
