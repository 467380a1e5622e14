"""When the zone data changes, what is yet to come moves, and each schedule that moved is on record."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schedbot.store.history import changes
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_value

pytestmark = pytest.mark.skipif(shutil.which("zic") is None, reason="zic is not installed: it compiles zone files")

NOON = "2026-12-01 12:00:00"
TICK = """
import sys
from pathlib import Path
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.opening import open_database
from schedbot.tick import tick
path, now, dry = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "dry"
db = open_database(path)
tick(Session(Settings(config=None, database=path, actor="cron"), db, lambda: now), dry)
db.close()
"""


def zone_files(folder: Path, version: str, offset: str) -> Path:
    """A machine's zone data in which Berlin is always `offset` from UTC."""
    folder.mkdir()
    (folder / "source").write_text(f"Zone Europe/Berlin {offset} - XXX\nZone UTC 0 - UTC\n")
    subprocess.run(["zic", "-d", folder, folder / "source"], check=True)
    (folder / "tzdata.zi").write_text(f"# version {version}\n")
    return folder


def tick_with(schedules: Schedules, zones: Path, utc: str = NOON, dry: str = "") -> None:
    """A tick in a program of its own that uses these zone files."""
    command = [sys.executable, "-c", TICK, str(schedules.path), str(ms(utc)), dry]
    subprocess.run(command, env={**os.environ, "PYTHONTZPATH": str(zones)}, check=True)


def moves(schedules: Schedules, name: str = "daily") -> list[tuple[object, ...]]:
    found = [
        one for one in changes.of_object(schedules.db, "schedule", schedules.get(name).id) if one.command == "tick"
    ]
    return [tuple(fields and str(fields["next_due_at"])[:16] for fields in (one.before, one.after)) for one in found]


def next_due(schedules: Schedules) -> str:
    return clock(read_value(schedules.db, "SELECT next_due_at FROM recurrences WHERE tz = 'Europe/Berlin'"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return zone_files(tmp_path / "old", "2998a", "1:00")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return zone_files(tmp_path / "new", "2999a", "2:00")


def test_what_is_to_come_moves_and_the_old_and_new_instant_are_on_record(tmp_path: Path, old: Path, new: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        schedules.add("other")
        tick_with(schedules, old)
        assert (next_due(schedules), moves(schedules)) == ("2026-12-02 08:00", [])
        tick_with(schedules, new)
        assert (next_due(schedules), moves(schedules)) == (
            "2026-12-02 07:00",
            [("2026-12-02T08:00", "2026-12-02T07:00")],
        )
        assert moves(schedules, "other") == []


def test_a_second_tick_with_the_same_zone_data_records_nothing(tmp_path: Path, old: Path, new: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        for zones in (old, new, new):
            tick_with(schedules, zones)
        assert len(moves(schedules)) == 1
        assert read_value(schedules.db, "SELECT zone_data FROM installation") == "2999a"


def test_what_was_posted_by_the_old_rules_is_not_posted_again_the_same_day(tmp_path: Path, old: Path) -> None:
    later = zone_files(tmp_path / "later", "2999b", "-1:00")
    with open_schedules(tmp_path) as schedules:
        schedules.utc = "2026-12-01 07:00:00"
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old, "2026-12-01 08:00:00")
        tick_with(schedules, later, "2026-12-01 08:05:00")
        assert schedules.jobs() == ["2026-12-01 08:00 queued"]
        assert next_due(schedules) == "2026-12-02 10:00"


def test_what_is_due_already_stays_owed_as_it_was(tmp_path: Path, old: Path, new: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old)
        tick_with(schedules, new, "2026-12-02 08:10:00")
        assert schedules.jobs() == ["2026-12-02 08:00 queued"]


def test_an_occurrence_that_was_skipped_by_hand_stays_skipped_where_it_moves_to(
    tmp_path: Path, old: Path, new: Path
) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old)
        schedules.skip_next()
        tick_with(schedules, new)
        assert schedules.jobs() == ["2026-12-02 07:00 skipped skipped_by_hand"]


def test_a_dry_run_moves_nothing(tmp_path: Path, old: Path, new: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old)
        tick_with(schedules, new, dry="dry")
        assert (next_due(schedules), moves(schedules)) == ("2026-12-02 08:00", [])


def test_an_instant_that_comes_to_lie_on_a_holiday_is_brought_forward(tmp_path: Path, old: Path, new: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(at="2026-12-24T22:30:00Z", tz="Europe/Berlin", skip_holidays="DE", holiday_policy="before")
        tick_with(schedules, old)
        assert next_due(schedules) == "2026-12-24 22:30"
        tick_with(schedules, new)
        assert next_due(schedules) == "2026-12-23 22:30"
