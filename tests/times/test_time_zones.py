"""Time zones by name, and the choice of zone data."""

import os
import subprocess
import sys
import zoneinfo
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tzdata  # type: ignore[import-untyped]

from schedbot import times
from schedbot.errors import BadInput
from schedbot.times.zone_suggestions import suggest_zones


@pytest.mark.parametrize("name", ["America/New_York", "UTC", "Etc/UTC", "Asia/Kathmandu", "GMT", "US/Pacific"])
def test_iana_name_is_accepted(name: str) -> None:
    assert times.zone(name).key == name


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Amerika/New_York", "America/New_York"),
        ("america/new_york", "America/New_York"),
        ("new york", "America/New_York"),
        ("New_York", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("Los Angeles", "America/Los_Angeles"),
        ("berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("Asia/Katmandoo", "Asia/Katmandu"),
        ("Europe/Londn", "Europe/London"),
        ("EST", "America/New_York"),
        ("pst", "America/Los_Angeles"),
        ("CET", "Europe/Berlin"),
        ("EST5EDT", "America/New_York"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("pacific time", "America/Los_Angeles"),
        ("W. Europe Daylight Time", "Europe/Berlin"),
        ("India Standard Time", "Asia/Kolkata"),
        ("Greenwich Standard Time", "Atlantic/Reykjavik"),
        ("America/Boston", "America/New_York"),
        ("America/San_Francisco", "America/Los_Angeles"),
        ("San Francisco", "America/Los_Angeles"),
        ("Asia/Mumbai", "Asia/Kolkata"),
        ("America/Seatle", "America/Los_Angeles"),
        ("America/London", "America/Toronto"),
        ("Köln", "Europe/Berlin"),
        ("Asia/Bejing", "Asia/Shanghai"),
        ("Asia/Armenia", "Asia/Yerevan"),
    ],
)
def test_unknown_zone_is_refused_with_the_nearest_name(text: str, nearest: str) -> None:
    with pytest.raises(BadInput) as refusal:
        times.zone(text)
    assert f"'{text}'" in str(refusal.value)
    assert f"'{nearest}'" in refusal.value.hint


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("America/San_Jose", ["America/Costa_Rica", "America/Los_Angeles"]),
        ("Birmingham", ["America/Chicago", "Europe/London"]),
        ("China", ["Asia/Shanghai", "Asia/Urumqi"]),
    ],
)
def test_place_with_several_zones_has_all_of_them_suggested(text: str, zones: list[str]) -> None:
    assert suggest_zones(text) == zones
    with pytest.raises(BadInput) as refusal:
        times.zone(text)
    assert all(zone in refusal.value.hint for zone in zones)


@pytest.mark.parametrize(
    "text", ["Asia/Dubay", "Ontario", "US/Boston", "Atlantis", "Romance Time Zone", "Armenia City", "Time"]
)
def test_nothing_is_suggested_that_may_have_another_clock(text: str) -> None:
    assert suggest_zones(text) == []


@pytest.mark.slow
@pytest.mark.parametrize("letter", [1, 4])
def test_misspelled_zone_leads_to_its_own_clock_or_nowhere(letter: int) -> None:
    names = [
        name for name in sorted(zoneinfo.available_timezones()) if name.startswith(("America/", "Europe/", "Asia/"))
    ]
    for name in names[letter::8]:
        region, _, city = name.rpartition("/")
        suggested = suggest_zones(f"{region}/{city[:letter]}{city[letter + 1 :]}") if len(city) > 4 else []
        offsets = [datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset() for zone in (name, *suggested)]
        assert len(set(offsets)) == 1, (name, suggested)


@pytest.mark.parametrize(
    "text", ["", "localtime", "../../etc/passwd", "/etc/localtime", "America", "a\0b", "x" * 5_000, "posix/UTC"]
)
def test_garbage_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(BadInput, match="No time zone is called") as refusal:
        times.zone(text)
    assert refusal.value.hint


def test_package_is_used_if_the_machine_is_older(tmp_path: Path) -> None:
    assert version_with(machine(tmp_path, "2007k")) == f"{tzdata.IANA_VERSION} tzdata package -05:00"


def test_machine_is_used_if_it_is_newer(tmp_path: Path) -> None:
    assert version_with(machine(tmp_path, "2999a")) == "2999a machine +00:00"


def test_package_is_used_if_the_machine_has_no_version(tmp_path: Path) -> None:
    folder = machine(tmp_path, "2999a")
    (folder / "tzdata.zi").unlink()
    assert version_with(folder) == f"{tzdata.IANA_VERSION} tzdata package -05:00"


def test_package_is_used_if_the_machine_has_no_zones(tmp_path: Path) -> None:
    assert version_with(tmp_path) == f"{tzdata.IANA_VERSION} tzdata package -05:00"


@pytest.mark.parametrize(
    ("setting", "zone"),
    [
        ("America/New_York", "America/New_York"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
    ],
)
def test_local_zone_comes_from_the_environment(setting: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", setting)
    assert times.local_zone().key == zone


def test_unreadable_local_zone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0")
    assert times.local_zone().key


def machine(folder: Path, version: str) -> Path:
    """Write zone files of a machine, in which New York has the wrong offset."""
    (folder / "America").mkdir()
    utc = (Path(tzdata.__file__).parent / "zoneinfo" / "UTC").read_bytes()
    for name in ("UTC", "America/New_York"):
        (folder / name).write_bytes(utc)
    (folder / "tzdata.zi").write_text(f"# version {version}\n# the rest\n")
    return folder


def version_with(folder: Path) -> str:
    """Return the version, the origin and New York's winter offset that a new process uses."""
    program = (
        "from schedbot import times; zone = times.zone('America/New_York');"
        "print(*times.zone_data_version(), times.to_local_rfc3339(1_796_133_600_000, zone)[-6:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONTZPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
