"""A newer program is put in a running pool's place on the disk: its children are of the newer one, and it uses none."""

import os
import shutil
import signal
from pathlib import Path

import schedbot
from bench.crash import children
from tests.support.app import App, Program, until
from tests.support.sql import read_value

NEWER = "9.9.9"
WITHIN = 40  # s: a pool starts


def installed(app: App) -> Path:
    """The program, on a disk of its own: what starts in the app's folder runs it."""
    at = app.folder / "schedbot"
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


def test_a_pool_ends_at_a_child_of_another_version_and_what_is_in_flight_ends_first(app: App) -> None:
    program, app.timeout_s = installed(app), 20
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "2")
    app.slack.wait_for(1, within=WITHIN)
    upgrade(program)
    busy = int(read_value(app.db, "SELECT worker FROM attempts").rpartition("/")[2])
    os.kill(seats(pool, 2)[2 - busy], signal.SIGKILL)
    assert NEWER in told(pool, "newer_program_found")
    app.slack.release()
    error = told(pool, "Error: ")
    assert (NEWER in error, schedbot.__version__ in error, pool.wait(WITHIN)) == (True, True, 1)
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["report-0"])


def test_what_waits_at_an_upgrade_is_posted_once_by_the_newer_program(app: App) -> None:
    program = installed(app)
    app.add_due_jobs(1)
    pool = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    upgrade(program)
    os.kill(seats(pool, 1)[0], signal.SIGKILL)
    told(pool, "child_died")
    app.run("run-now", "report-0")
    assert pool.wait(WITHIN) == 1
    assert app.states() == {"succeeded": 1, "queued": 1}
    assert app.work().returncode == 0
    assert app.slack.texts() == ["report-0", "report-0"]
