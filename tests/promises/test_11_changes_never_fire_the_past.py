"""Promise 11: whatever changes, nothing is posted before the next instant of the new rule, and nothing twice."""

from collections.abc import Mapping

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.admin.schedules import edit as edit_schedule
from schedbot.admin.schedules import pause
from schedbot.store.database import open_database
from tests.support.app import House
from tests.support.schedules import clock, ms

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


def jobs(house: House, *states: str) -> list[str]:
    """When jobs are due, by time; of these states, or all."""
    rows = house.db.rows("SELECT due_at, state FROM jobs ORDER BY due_at")
    return [clock(due_at) for due_at, state in rows if not states or state in states]


def edit(house: House, now: int, /, **said: str) -> None:
    edit_schedule.edit(house.session(now), "report", said)


def load(house: House, at: int, said: Said) -> None:
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
    importer.import_file(house.session(at), Source("schedules.csv", text.encode(), update=True))


def ticks(house: House, first: int, last: int, step: int = HOUR) -> None:
    for at in range(first, last + 1, step):
        house.tick(at)


@kinds_that_repeat
@pytest.mark.parametrize("way", ["edit", "import"])
def test_a_new_time_that_is_past_today_comes_at_its_next_instant(house: House, kind: str, way: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    if way == "edit":
        edit(house, BEFORE, **EARLIER[kind])
    else:
        load(house, BEFORE, EARLIER[kind])
    ticks(house, BEFORE, FIRST_OF_EARLIER[kind] - HOUR)
    assert jobs(house, "queued", "missed", "skipped") == []
    house.tick(FIRST_OF_EARLIER[kind])
    assert jobs(house, "queued") == [clock(FIRST_OF_EARLIER[kind])]


@every_kind
def test_what_waited_by_the_old_rule_is_not_posted(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    edit(house, BEFORE, at="2026-12-01 12:00")
    ticks(house, BEFORE, NINE + 2 * HOUR)
    assert jobs(house, "cancelled") == ["2026-12-01 09:00"]
    assert jobs(house, "queued") == []


@kinds_that_repeat
def test_a_zone_in_which_it_is_past_already_waits_for_the_next_time(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    edit(house, BEFORE, tz="Asia/Tokyo")  # nine is long past there
    house.tick(NINE)
    assert jobs(house, "queued", "missed") == []
    ticks(house, NINE, NINE + 48 * HOUR)
    assert jobs(house, "queued")[0] == ("2026-12-02 00:00" if kind == "cron" else "2026-12-03 00:00")


def test_a_single_instant_is_not_moved_into_the_past(house: House) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS["once"])
    with pytest.raises(BadField, match="is past"):
        edit(house, BEFORE, tz="Asia/Tokyo")
    assert jobs(house, "queued") == ["2026-12-01 09:00"]


@every_kind
def test_what_fell_into_a_pause_is_not_posted_afterwards(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    pause.pause(house.session(BEFORE), ["report"], "", "")
    house.tick(NINE)
    pause.resume(house.session(NINE + 30 * MINUTE), ["report"])
    ticks(house, NINE + 30 * MINUTE, NINE + 2 * DAY + HOUR)
    expected = {"cron": ["2026-12-02 09:00", "2026-12-03 09:00"], "once": [], "rhythm": ["2026-12-03 09:00"]}
    assert jobs(house, "queued") == expected[kind]
    assert jobs(house, "cancelled") == ["2026-12-01 09:00"]


@every_kind
def test_a_pause_that_ends_before_its_time_leaves_one_job(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    pause.pause(house.session(BEFORE), ["report"], "", "")
    pause.resume(house.session(BEFORE + 10_000), ["report"])
    house.tick(NINE)
    assert jobs(house) == jobs(house, "queued") == ["2026-12-01 09:00"]


@every_kind
def test_a_restart_makes_nothing_again(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    house.tick(NINE)
    house.db.close()
    house.db = open_database(house.path)
    house.tick(NINE + 30_000)
    assert jobs(house) == ["2026-12-01 09:00"]


@every_kind
def test_a_clock_that_goes_back_an_hour_makes_nothing_again(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    ticks(house, BEFORE, NINE + 10 * MINUTE, MINUTE)
    back = NINE + 10 * MINUTE - HOUR
    ticks(house, back, NINE + 10 * MINUTE, 10 * MINUTE)
    assert jobs(house) == ["2026-12-01 09:00"]


@kinds_that_repeat
def test_an_edit_after_the_clock_went_back_does_not_post_again(house: House, kind: str) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    house.tick(NINE)
    with house.db.writing():
        house.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.1'")
    edit(house, NINE - HOUR, **EARLIER[kind])
    edit(house, NINE - 50 * MINUTE, **KINDS[kind])
    ticks(house, NINE - 50 * MINUTE, NINE + 10 * MINUTE, MINUTE)
    assert jobs(house) == jobs(house, "succeeded") == ["2026-12-01 09:00"]


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
def test_the_waiting_occurrence_that_both_rules_share_stays_one(house: House, kind: str, new: Said) -> None:
    house.schedule("report", as_of=BEFORE, **KINDS[kind])
    waited = house.db.rows("SELECT id, due_at, available_at FROM jobs")
    edit(house, BEFORE + 10_000, **new)
    house.tick(BEFORE + 20_000)
    assert house.db.rows("SELECT id, due_at, available_at FROM jobs") == waited
    assert jobs(house, "queued") == ["2026-12-01 09:00"]
