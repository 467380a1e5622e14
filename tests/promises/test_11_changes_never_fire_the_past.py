"""Promise 11: no change makes an occurrence before its next instant under the new recurrence, or makes one twice."""

from collections.abc import Mapping

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.admin.schedules import edit as edit_schedule
from schedbot.admin.schedules import pause
from schedbot.store.open_database import open_database
from tests.support.app import App
from tests.support.schedules import clock, ms
from tests.support.sql import read_rows

NINE = ms("2026-12-01 09:00:00")  # a Tuesday
BEFORE = NINE - 60_000  # within the look-ahead: the job of nine is queued
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
Fields = Mapping[str, str]
KINDS: dict[str, Fields] = {
    "cron": {"cron": "0 9 * * *"},
    "once": {"at": "2026-12-01 09:00"},
    "every": {"every": "2 days at 9:00 from 2026-12-01"},
}
EARLIER: dict[str, Fields] = {"cron": {"cron": "0 8 * * *"}, "every": {"every": "2 days at 8:00 from 2026-12-01"}}
FIRST_OF_EARLIER = {"cron": NINE + 23 * HOUR, "every": NINE + 47 * HOUR}
every_kind = pytest.mark.parametrize("kind", KINDS)
repeating_kinds = pytest.mark.parametrize("kind", EARLIER)


def jobs(app: App, *states: str) -> list[str]:
    """Return the due times of the jobs in these states, or of all jobs."""
    rows = read_rows(app.db, "SELECT due_at, state FROM jobs ORDER BY due_at")
    return [clock(due_at) for due_at, state in rows if not states or state in states]


def edit(app: App, now: int, /, **fields: str) -> None:
    edit_schedule.edit(app.session(now), "report", fields)


def import_update(app: App, at: int, fields: Fields) -> None:
    """Run `import --update` with a single line."""
    columns = {
        "name": "report",
        "channel": "C0000000001",
        "tz": "UTC",
        "text": "report",
        "cron": "",
        "every": "",
        **fields,
    }
    text = "\n".join(",".join(cells) for cells in (columns.keys(), columns.values()))
    importer.import_file(app.session(at), Source("schedules.csv", text.encode(), update=True))


def run_ticks(app: App, first: int, last: int, step: int = HOUR) -> None:
    for at in range(first, last + 1, step):
        app.tick(at)


@repeating_kinds
@pytest.mark.parametrize("command", ["edit", "import"])
def test_new_time_already_past_today_fires_next_time(app: App, kind: str, command: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    if command == "edit":
        edit(app, BEFORE, **EARLIER[kind])
    else:
        import_update(app, BEFORE, EARLIER[kind])
    run_ticks(app, BEFORE, FIRST_OF_EARLIER[kind] - HOUR)
    assert jobs(app, "queued", "missed", "skipped") == []
    app.tick(FIRST_OF_EARLIER[kind])
    assert jobs(app, "queued") == [clock(FIRST_OF_EARLIER[kind])]


@every_kind
def test_queued_job_of_the_old_recurrence_is_cancelled(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    edit(app, BEFORE, at="2026-12-01 12:00")
    run_ticks(app, BEFORE, NINE + 2 * HOUR)
    assert jobs(app, "cancelled") == ["2026-12-01 09:00"]
    assert jobs(app, "queued") == []


@repeating_kinds
def test_new_zone_with_the_time_past_fires_next_time(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    edit(app, BEFORE, tz="Asia/Tokyo")  # nine is past there
    app.tick(NINE)
    assert jobs(app, "queued", "missed") == []
    run_ticks(app, NINE, NINE + 48 * HOUR)
    assert jobs(app, "queued")[0] == ("2026-12-02 00:00" if kind == "cron" else "2026-12-03 00:00")


def test_single_instant_is_not_moved_into_the_past(app: App) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS["once"])
    with pytest.raises(BadField, match="is past"):
        edit(app, BEFORE, tz="Asia/Tokyo")
    assert jobs(app, "queued") == ["2026-12-01 09:00"]


@every_kind
def test_occurrence_during_a_pause_is_not_posted_later(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    pause.pause(app.session(BEFORE), ["report"], "", "")
    app.tick(NINE)
    pause.resume(app.session(NINE + 30 * MINUTE), ["report"])
    run_ticks(app, NINE + 30 * MINUTE, NINE + 2 * DAY + HOUR)
    expected = {"cron": ["2026-12-02 09:00", "2026-12-03 09:00"], "once": [], "every": ["2026-12-03 09:00"]}
    assert jobs(app, "queued") == expected[kind]
    assert jobs(app, "cancelled") == ["2026-12-01 09:00"]


@every_kind
def test_pause_that_ends_before_the_instant_leaves_one_job(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    pause.pause(app.session(BEFORE), ["report"], "", "")
    pause.resume(app.session(BEFORE + 10_000), ["report"])
    app.tick(NINE)
    assert jobs(app) == jobs(app, "queued") == ["2026-12-01 09:00"]


@every_kind
def test_restart_makes_no_second_job(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    app.tick(NINE)
    app.db.close()
    app.db = open_database(app.path)
    app.tick(NINE + 30_000)
    assert jobs(app) == ["2026-12-01 09:00"]


@every_kind
def test_clock_set_back_makes_no_second_job(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    run_ticks(app, BEFORE, NINE + 10 * MINUTE, MINUTE)
    back = NINE + 10 * MINUTE - HOUR
    run_ticks(app, back, NINE + 10 * MINUTE, 10 * MINUTE)
    assert jobs(app) == ["2026-12-01 09:00"]


@repeating_kinds
def test_edit_after_clock_set_back_makes_no_second_job(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    app.tick(NINE)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.1'")
    edit(app, NINE - HOUR, **EARLIER[kind])
    edit(app, NINE - 50 * MINUTE, **KINDS[kind])
    run_ticks(app, NINE - 50 * MINUTE, NINE + 10 * MINUTE, MINUTE)
    assert jobs(app) == jobs(app, "succeeded") == ["2026-12-01 09:00"]


@pytest.mark.parametrize(
    ("kind", "new"),
    [
        ("cron", {"cron": "0 9 * * mon-fri"}),
        ("cron", {"every": "2 days at 9:00 from 2026-12-01"}),
        ("once", {"cron": "0 9 * * *"}),
        ("every", {"every": "3 days at 9:00 from 2026-12-01"}),
        ("every", {"at": "2026-12-01 09:00"}),
        ("every", {"window": "08:00-18:00", "skip_holidays": "US"}),
    ],
)
def test_queued_occurrence_of_both_recurrences_stays_one(app: App, kind: str, new: Fields) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    queued = read_rows(app.db, "SELECT id, due_at, available_at FROM jobs")
    edit(app, BEFORE + 10_000, **new)
    app.tick(BEFORE + 20_000)
    assert read_rows(app.db, "SELECT id, due_at, available_at FROM jobs") == queued
    assert jobs(app, "queued") == ["2026-12-01 09:00"]
