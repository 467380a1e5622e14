"""Which zone is meant, and whose zone data is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tzdata  # type: ignore[import-untyped]

from schedbot import times
from schedbot.errors import BadInput


@pytest.mark.parametrize("name", ["America/New_York", "UTC", "Etc/UTC", "Asia/Kathmandu", "GMT", "US/Pacific"])
def test_an_iana_zone_is_taken(name: str) -> None:
    assert times.zone(name).key == name


@pytest.mark.parametrize(
    ("written", "meant"),
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
    ],
)
def test_what_is_no_zone_is_refused_with_the_nearest(written: str, meant: str) -> None:
    with pytest.raises(BadInput) as refusal:
        times.zone(written)
    assert f"'{written}'" in str(refusal.value)
    assert f"'{meant}'" in refusal.value.hint


@pytest.mark.parametrize(
    "written", ["", "localtime", "../../etc/passwd", "/etc/localtime", "America", "a\0b", "x" * 5_000, "posix/UTC"]
)
def test_garbage_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(BadInput, match="No time zone is called") as refusal:
        times.zone(written)
    assert refusal.value.hint


def test_the_package_is_used_where_the_machine_is_older(tmp_path: Path) -> None:
    assert version_with(machine(tmp_path, "2007k")) == f"{tzdata.IANA_VERSION} tzdata package -05:00"


def test_the_machine_is_used_where_it_is_newer(tmp_path: Path) -> None:
    assert version_with(machine(tmp_path, "2999a")) == "2999a machine +00:00"


def test_the_package_is_used_where_the_machine_does_not_say_its_version(tmp_path: Path) -> None:
    folder = machine(tmp_path, "2999a")
    (folder / "tzdata.zi").unlink()
    assert version_with(folder) == f"{tzdata.IANA_VERSION} tzdata package -05:00"


def test_the_package_is_used_where_the_machine_has_no_zones(tmp_path: Path) -> None:
    assert version_with(tmp_path) == f"{tzdata.IANA_VERSION} tzdata package -05:00"


@pytest.mark.parametrize(
    ("setting", "zone"),
    [
        ("America/New_York", "America/New_York"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
    ],
)
def test_the_readers_zone_is_the_terminals(setting: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", setting)
    assert times.local_zone().key == zone


def test_a_readers_zone_that_makes_no_sense_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0")
    assert times.local_zone().key


def machine(folder: Path, version: str) -> Path:
    """A machine's zone files, in which New York's clocks are wrong."""
    (folder / "America").mkdir()
    utc = (Path(tzdata.__file__).parent / "zoneinfo" / "UTC").read_bytes()
    for name in ("UTC", "America/New_York"):
        (folder / name).write_bytes(utc)
    (folder / "tzdata.zi").write_text(f"# version {version}\n# the rest\n")
    return folder


def version_with(folder: Path) -> str:
    """What a fresh program uses: version, origin, and New York's offset in winter."""
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
