"""Promise 11: whatever changes, nothing is posted before the next instant of the new rule, and nothing twice."""

from collections.abc import Mapping

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.admin.schedules import edit as edit_schedule
from schedbot.admin.schedules import pause
from schedbot.store.opening import open_database
from tests.support.app import App
from tests.support.schedules import clock, ms
from tests.support.sql import read_rows

NINE = ms("2026-12-01 09:00:00")  # a Tuesday
BEFORE = NINE - 60_000  # within the look-ahead: the occurrence of nine waits already
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
Said = Mapping[str, str]
KINDS: dict[str, Said] = {
    "cron": {"cron": "0 9 * * *"},
    "once": {"at": "2026-12-01 09:00"},
    "rhythm": {"every": "2 days at 9:00 from 2026-12-01"},
}
EARLIER: dict[str, Said] = {"cron": {"cron": "0 8 * * *"}, "rhythm": {"every": "2 days at 8:00 from 2026-12-01"}}
FIRST_OF_EARLIER = {"cron": NINE + 23 * HOUR, "rhythm": NINE + 47 * HOUR}
every_kind = pytest.mark.parametrize("kind", KINDS)
kinds_that_repeat = pytest.mark.parametrize("kind", EARLIER)


def jobs(app: App, *states: str) -> list[str]:
    """When jobs are due, by time; of these states, or all."""
    rows = read_rows(app.db, "SELECT due_at, state FROM jobs ORDER BY due_at")
    return [clock(due_at) for due_at, state in rows if not states or state in states]


def edit(app: App, now: int, /, **said: str) -> None:
    edit_schedule.edit(app.session(now), "report", said)


def load(app: App, at: int, said: Said) -> None:
    """`import --update` of one line."""
    columns = {
        "name": "report",
        "channel": "C0000000001",
        "tz": "UTC",
        "text": "report",
        "cron": "",
        "every": "",
        **said,
    }
    text = "\n".join(",".join(cells) for cells in (columns.keys(), columns.values()))
    importer.import_file(app.session(at), Source("schedules.csv", text.encode(), update=True))


def ticks(app: App, first: int, last: int, step: int = HOUR) -> None:
    for at in range(first, last + 1, step):
        app.tick(at)


@kinds_that_repeat
@pytest.mark.parametrize("way", ["edit", "import"])
def test_a_new_time_that_is_past_today_comes_at_its_next_instant(app: App, kind: str, way: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    if way == "edit":
        edit(app, BEFORE, **EARLIER[kind])
    else:
        load(app, BEFORE, EARLIER[kind])
    ticks(app, BEFORE, FIRST_OF_EARLIER[kind] - HOUR)
    assert jobs(app, "queued", "missed", "skipped") == []
    app.tick(FIRST_OF_EARLIER[kind])
    assert jobs(app, "queued") == [clock(FIRST_OF_EARLIER[kind])]


@every_kind
def test_what_waited_by_the_old_rule_is_not_posted(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    edit(app, BEFORE, at="2026-12-01 12:00")
    ticks(app, BEFORE, NINE + 2 * HOUR)
    assert jobs(app, "cancelled") == ["2026-12-01 09:00"]
    assert jobs(app, "queued") == []


@kinds_that_repeat
def test_a_zone_in_which_it_is_past_already_waits_for_the_next_time(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    edit(app, BEFORE, tz="Asia/Tokyo")  # nine is long past there
    app.tick(NINE)
    assert jobs(app, "queued", "missed") == []
    ticks(app, NINE, NINE + 48 * HOUR)
    assert jobs(app, "queued")[0] == ("2026-12-02 00:00" if kind == "cron" else "2026-12-03 00:00")


def test_a_single_instant_is_not_moved_into_the_past(app: App) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS["once"])
    with pytest.raises(BadField, match="is past"):
        edit(app, BEFORE, tz="Asia/Tokyo")
    assert jobs(app, "queued") == ["2026-12-01 09:00"]


@every_kind
def test_what_fell_into_a_pause_is_not_posted_afterwards(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    pause.pause(app.session(BEFORE), ["report"], "", "")
    app.tick(NINE)
    pause.resume(app.session(NINE + 30 * MINUTE), ["report"])
    ticks(app, NINE + 30 * MINUTE, NINE + 2 * DAY + HOUR)
    expected = {"cron": ["2026-12-02 09:00", "2026-12-03 09:00"], "once": [], "rhythm": ["2026-12-03 09:00"]}
    assert jobs(app, "queued") == expected[kind]
    assert jobs(app, "cancelled") == ["2026-12-01 09:00"]


@every_kind
def test_a_pause_that_ends_before_its_time_leaves_one_job(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    pause.pause(app.session(BEFORE), ["report"], "", "")
    pause.resume(app.session(BEFORE + 10_000), ["report"])
    app.tick(NINE)
    assert jobs(app) == jobs(app, "queued") == ["2026-12-01 09:00"]


@every_kind
def test_a_restart_makes_nothing_again(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    app.tick(NINE)
    app.db.close()
    app.db = open_database(app.path)
    app.tick(NINE + 30_000)
    assert jobs(app) == ["2026-12-01 09:00"]


@every_kind
def test_a_clock_that_goes_back_an_hour_makes_nothing_again(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    ticks(app, BEFORE, NINE + 10 * MINUTE, MINUTE)
    back = NINE + 10 * MINUTE - HOUR
    ticks(app, back, NINE + 10 * MINUTE, 10 * MINUTE)
    assert jobs(app) == ["2026-12-01 09:00"]


@kinds_that_repeat
def test_an_edit_after_the_clock_went_back_does_not_post_again(app: App, kind: str) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    app.tick(NINE)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.1'")
    edit(app, NINE - HOUR, **EARLIER[kind])
    edit(app, NINE - 50 * MINUTE, **KINDS[kind])
    ticks(app, NINE - 50 * MINUTE, NINE + 10 * MINUTE, MINUTE)
    assert jobs(app) == jobs(app, "succeeded") == ["2026-12-01 09:00"]


@pytest.mark.parametrize(
    ("kind", "new"),
    [
        ("cron", {"cron": "0 9 * * mon-fri"}),
        ("cron", {"every": "2 days at 9:00 from 2026-12-01"}),
        ("once", {"cron": "0 9 * * *"}),
        ("rhythm", {"every": "3 days at 9:00 from 2026-12-01"}),
        ("rhythm", {"at": "2026-12-01 09:00"}),
        ("rhythm", {"window": "08:00-18:00", "skip_holidays": "US"}),
    ],
)
def test_the_waiting_occurrence_that_both_rules_share_stays_one(app: App, kind: str, new: Said) -> None:
    app.add_schedule("report", as_of=BEFORE, **KINDS[kind])
    waited = read_rows(app.db, "SELECT id, due_at, available_at FROM jobs")
    edit(app, BEFORE + 10_000, **new)
    app.tick(BEFORE + 20_000)
    assert read_rows(app.db, "SELECT id, due_at, available_at FROM jobs") == waited
    assert jobs(app, "queued") == ["2026-12-01 09:00"]
