"""A newer program is put in a running pool's place on the disk: its children are of the newer one, and it uses none."""

import os
import shutil
import signal
from pathlib import Path

import schedbot
from bench.crash import children
from tests.support.app import House, Program, until

NEWER = "9.9.9"
WITHIN = 40  # s: a pool starts


def installed(house: House) -> Path:
    """The program, on a disk of its own: what starts in the house's folder runs it."""
    at = house.folder / "schedbot"
    shutil.copytree(Path(schedbot.__file__).parent, at, ignore=shutil.ignore_patterns("__pycache__"))
    return at


def upgrade(program: Path) -> None:
    first = program / "__init__.py"
    first.write_text(first.read_text().replace(schedbot.__version__, NEWER))


def seats(pool: Program, count: int) -> list[int]:
    """The children that post, in the order of their numbers."""
    return sorted(children(pool.pid))[-count:]


def told(pool: Program, word: str) -> str:
    """The next line of the pool's log with that word in it."""
    assert pool.stderr is not None
    return next(line for line in pool.stderr if word in line)


def test_a_pool_ends_at_a_child_of_another_version_and_what_is_in_flight_ends_first(house: House) -> None:
    program, house.timeout_s = installed(house), 20
    house.due_now(1)
    house.slack.order("hold")
    pool = house.start("work", "--processes", "2")
    house.slack.wait_for(1, within=WITHIN)
    upgrade(program)
    busy = int(house.db.value("SELECT worker FROM attempts").rpartition("/")[2])
    os.kill(seats(pool, 2)[2 - busy], signal.SIGKILL)
    assert NEWER in told(pool, "outgrown")
    house.slack.release()
    error = told(pool, "Error: ")
    assert (NEWER in error, schedbot.__version__ in error, pool.wait(WITHIN)) == (True, True, 1)
    assert (house.states(), house.slack.texts()) == ({"succeeded": 1}, ["report-0"])


def test_what_waits_at_an_upgrade_is_posted_once_by_the_newer_program(house: House) -> None:
    program = installed(house)
    house.due_now(1)
    pool = house.start("work", "--processes", "1")
    until(lambda: house.states() == {"succeeded": 1}, within=WITHIN)
    upgrade(program)
    os.kill(seats(pool, 1)[0], signal.SIGKILL)
    told(pool, "child_lost")
    house.run("run-now", "report-0")
    assert pool.wait(WITHIN) == 1
    assert house.states() == {"succeeded": 1, "queued": 1}
    assert house.work().returncode == 0
    assert house.slack.texts() == ["report-0", "report-0"]
