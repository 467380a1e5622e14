"""The unmodified cron daemon under a false clock fires when schedbot's rule says, across a gap and an overlap.

The daemon lives in namespaces of its own: the machine's crontabs and its own daemon are out of its reach. Its
commands run on the real clock, so their times are turned into the daemon's, and are right to a few minutes.
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

SPEED = 300  # false seconds a real one
ROUND_MS = 600_000  # ... so this is two real seconds
FALSE_CLOCK = next((str(one) for one in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")
NEW_YORK = "America/New_York"
RULES = {"fixed": "30 2 * * *", "overlap": "30 1 * * *", "rhythm": "*/30 * * * *"}
DAEMON = """
mount -t tmpfs tmpfs /run && mount --bind "$1/cron.d" /etc/cron.d && mount --bind "$1/spool" /var/spool/cron &&
date +%s.%N > "$1/started" && FAKETIME="$2" LD_PRELOAD="$3" exec cron -f
"""


def can_unshare() -> bool:
    if os.geteuid() != 0 or not FALSE_CLOCK or not all(map(shutil.which, ("cron", "unshare"))):
        return False
    return (
        subprocess.run(["unshare", "-mpf", "mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True).returncode
        == 0
    )


pytestmark = [
    pytest.mark.skipif(not can_unshare(), reason="needs root, cron, libfaketime and namespaces"),
]


def fired(folder: Path, wall: str, minutes: int) -> list[tuple[str, str]]:
    """What the daemon runs from a New York wall clock on: (rule, UTC minute) in order of time."""
    for name in ("cron.d", "spool/crontabs"):
        (folder / name).mkdir(parents=True)
    crontab = folder / "cron.d" / "rules"
    crontab.write_text(
        "".join(f"{cron} root echo {name} $(date +\\%s.\\%N) >> {folder}/fired\n" for name, cron in RULES.items())
    )
    crontab.chmod(0o600)
    # A process namespace too: whatever the daemon has started ends with it.
    command = ["unshare", "-mpf", "--kill-child", "--propagation", "private", "sh", "-c", DAEMON, "sh", str(folder)]
    daemon = subprocess.Popen(
        [*command, f"@{wall} x{SPEED}", FALSE_CLOCK], env={**os.environ, "TZ": NEW_YORK}, stderr=-3
    )
    try:
        time.sleep(minutes * 60 / SPEED)  # the false clock has to pass
        assert daemon.poll() is None, "the daemon ended by itself"
    finally:
        daemon.kill()
        daemon.wait(10)
    lines = [line.split() for line in (folder / "fired").read_text().splitlines()]
    started, first = float((folder / "started").read_text()), instant(wall)
    at = [(name, first + (float(stamp) - started) * SPEED * 1000) for name, stamp in lines]
    return sorted((name, clock(round(false_ms / ROUND_MS) * ROUND_MS)) for name, false_ms in at)


def instant(wall: str) -> int:
    """The UTC milliseconds of a New York wall clock before the change of that night."""
    return ms(wall) + (5 if wall.startswith("2026-03") else 4) * 3_600_000


def ruled(wall: str, minutes: int) -> list[tuple[str, str]]:
    """What schedbot's rule says of the same time."""
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
def test_the_daemon_fires_as_the_rule_says(tmp_path: Path, wall: str, minutes: int, fixed: tuple[str, str]) -> None:
    found = fired(tmp_path, wall, minutes)
    assert found == ruled(wall, minutes)
    assert [one for one in found if one[0] == fixed[0]] == [fixed]
