"""A change of the zone data moves coming occurrences, and records each schedule that moved."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schedbot.store.history import changes
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_value

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("zic") is None, reason="zic is not installed: it compiles zone files"),
]

NOON = "2026-12-01 12:00:00"
TICK = """
import sys
from pathlib import Path
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import open_database
from schedbot.tick import tick
path, now, dry = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "dry"
db = open_database(path)
tick(Session(Settings(config=None, database=path, actor="cron"), db, lambda: now), dry)
db.close()
"""


def zone_files(folder: Path, version: str, offset: str) -> Path:
    """Compile zone data in which Berlin is always `offset` from UTC."""
    folder.mkdir()
    (folder / "source").write_text(f"Zone Europe/Berlin {offset} - XXX\nZone UTC 0 - UTC\n")
    subprocess.run(["zic", "-d", folder, folder / "source"], check=True)
    (folder / "tzdata.zi").write_text(f"# version {version}\n")
    return folder


def tick_with(schedules: Schedules, files: Path, utc: str = NOON, dry: str = "") -> None:
    """Run a tick in a process of its own with these zone files."""
    command = [sys.executable, "-c", TICK, str(schedules.path), str(ms(utc)), dry]
    subprocess.run(command, env={**os.environ, "PYTHONTZPATH": str(files)}, check=True)


def moves(schedules: Schedules, name: str = "daily") -> list[tuple[object, ...]]:
    recorded = [
        change
        for change in changes.of_object(schedules.db, "schedule", schedules.get(name).id)
        if change.command == "tick"
    ]
    return [
        tuple(fields and str(fields["next_due_at"])[:16] for fields in (change.before, change.after))
        for change in recorded
    ]


def next_due(schedules: Schedules) -> str:
    return clock(read_value(schedules.db, "SELECT next_due_at FROM recurrences WHERE tz = 'Europe/Berlin'"))


@pytest.fixture
def old_zones(tmp_path: Path) -> Path:
    return zone_files(tmp_path / "old_zones", "2998a", "1:00")


@pytest.fixture
def new_zones(tmp_path: Path) -> Path:
    return zone_files(tmp_path / "new_zones", "2999a", "2:00")


def test_next_occurrence_moves_and_both_instants_are_recorded(tmp_path: Path, old_zones: Path, new_zones: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        schedules.add("other")
        tick_with(schedules, old_zones)
        assert (next_due(schedules), moves(schedules)) == ("2026-12-02 08:00", [])
        tick_with(schedules, new_zones)
        assert (next_due(schedules), moves(schedules)) == (
            "2026-12-02 07:00",
            [("2026-12-02T08:00", "2026-12-02T07:00")],
        )
        assert moves(schedules, "other") == []


def test_same_zone_data_records_nothing(tmp_path: Path, old_zones: Path, new_zones: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        for files in (old_zones, new_zones, new_zones):
            tick_with(schedules, files)
        assert len(moves(schedules)) == 1
        assert read_value(schedules.db, "SELECT zone_data FROM installation") == "2999a"


def test_enqueued_occurrence_is_not_repeated_the_same_day(tmp_path: Path, old_zones: Path) -> None:
    later = zone_files(tmp_path / "later", "2999b", "-1:00")
    with open_schedules(tmp_path) as schedules:
        schedules.utc = "2026-12-01 07:00:00"
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old_zones, "2026-12-01 08:00:00")
        tick_with(schedules, later, "2026-12-01 08:05:00")
        assert schedules.jobs() == ["2026-12-01 08:00 queued"]
        assert next_due(schedules) == "2026-12-02 10:00"


def test_due_occurrence_keeps_its_instant(tmp_path: Path, old_zones: Path, new_zones: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old_zones)
        tick_with(schedules, new_zones, "2026-12-02 08:10:00")
        assert schedules.jobs() == ["2026-12-02 08:00 queued"]


def test_skipped_occurrence_stays_skipped_when_it_moves(tmp_path: Path, old_zones: Path, new_zones: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old_zones)
        schedules.skip_next()
        tick_with(schedules, new_zones)
        assert schedules.jobs() == ["2026-12-02 07:00 skipped skipped_by_hand"]


def test_dry_run_moves_nothing(tmp_path: Path, old_zones: Path, new_zones: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(tz="Europe/Berlin")
        tick_with(schedules, old_zones)
        tick_with(schedules, new_zones, dry="dry")
        assert (next_due(schedules), moves(schedules)) == ("2026-12-02 08:00", [])


def test_instant_that_moves_to_a_holiday_is_moved_before_it(tmp_path: Path, old_zones: Path, new_zones: Path) -> None:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = NOON
        schedules.add(at="2026-12-24T22:30:00Z", tz="Europe/Berlin", skip_holidays="DE", holiday_policy="before")
        tick_with(schedules, old_zones)
        assert next_due(schedules) == "2026-12-24 22:30"
        tick_with(schedules, new_zones)
        assert next_due(schedules) == "2026-12-23 22:30"
