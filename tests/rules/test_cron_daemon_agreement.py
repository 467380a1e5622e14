"""Debian's cron daemon, on a fake clock, fires at the instants that schedbot computes, across a gap and an overlap.

The daemon runs in its own namespaces, without access to the machine's crontabs and daemon. Its commands run on the
real clock, so their times are converted to the daemon's clock, exact to a few minutes.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support.schedules import clock, ms

SPEED = 300  # fake seconds per real second
ROUND_MS = 600_000  # two real seconds
FAKETIME_LIBRARY = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")
NEW_YORK = "America/New_York"
RULES = {"fixed": "30 2 * * *", "overlap": "30 1 * * *", "wildcard": "*/30 * * * *"}
DAEMON = """
mount -t tmpfs tmpfs /run && mount --bind "$1/cron.d" /etc/cron.d && mount --bind "$1/spool" /var/spool/cron &&
date +%s.%N > "$1/started" && FAKETIME="$2" LD_PRELOAD="$3" exec cron -f
"""


def can_unshare() -> bool:
    if os.geteuid() != 0 or not FAKETIME_LIBRARY or not all(map(shutil.which, ("cron", "unshare"))):
        return False
    return (
        subprocess.run(["unshare", "-mpf", "mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True).returncode
        == 0
    )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_unshare(), reason="needs root, cron, libfaketime and namespaces"),
]


def run_daemon(folder: Path, wall: str, minutes: int) -> list[tuple[str, str]]:
    """Return the daemon's runs from a local time in New York: (rule, UTC minute), sorted."""
    for name in ("cron.d", "spool/crontabs"):
        (folder / name).mkdir(parents=True)
    crontab = folder / "cron.d" / "rules"
    crontab.write_text(
        "".join(f"{cron} root echo {name} $(date +\\%s.\\%N) >> {folder}/fired\n" for name, cron in RULES.items())
    )
    crontab.chmod(0o600)
    # A process namespace as well: all children end with the daemon.
    command = ["unshare", "-mpf", "--kill-child", "--propagation", "private", "sh", "-c", DAEMON, "sh", str(folder)]
    daemon = subprocess.Popen(
        [*command, f"@{wall} x{SPEED}", FAKETIME_LIBRARY], env={**os.environ, "TZ": NEW_YORK}, stderr=-3
    )
    try:
        time.sleep(minutes * 60 / SPEED)  # the fake clock has to advance
        assert daemon.poll() is None, "the daemon ended by itself"
    finally:
        daemon.kill()
        daemon.wait(10)
    lines = [line.split() for line in (folder / "fired").read_text().splitlines()]
    started, first = float((folder / "started").read_text()), instant(wall)
    at = [(name, first + (float(stamp) - started) * SPEED * 1000) for name, stamp in lines]
    return sorted((name, clock(round(fake_ms / ROUND_MS) * ROUND_MS)) for name, fake_ms in at)


def instant(wall: str) -> int:
    """Return the UTC milliseconds of a local time in New York before the clock change of that night."""
    return ms(wall) + (5 if wall.startswith("2026-03") else 4) * 3_600_000


def compute_instants(wall: str, minutes: int) -> list[tuple[str, str]]:
    """Return schedbot's instants for the same time."""
    start = instant(wall)
    return sorted(
        (name, clock(at))
        for name, cron in RULES.items()
        for at in recurrence.between(Recurrence(NEW_YORK, cron), start, start + minutes * 60_000)
    )


@pytest.mark.parametrize(
    ("wall", "minutes", "fixed"),
    [
        pytest.param("2026-03-08 01:27:00", 42, ("fixed", "2026-03-08 07:00"), id="a time in the gap fires at its end"),
        pytest.param("2026-11-01 01:27:00", 70, ("overlap", "2026-11-01 05:30"), id="a time in the overlap fires once"),
    ],
)
def test_cron_daemon_fires_at_the_same_instants(
    tmp_path: Path, wall: str, minutes: int, fixed: tuple[str, str]
) -> None:
    runs = run_daemon(tmp_path, wall, minutes)
    assert runs == compute_instants(wall, minutes)
    assert [run for run in runs if run[0] == fixed[0]] == [fixed]
