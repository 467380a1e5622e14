"""SIGUSR2: a running pool takes changed reports, and no post is lost or doubled by it."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.support.app import App, Program, now_ms, rfc3339, until
from tests.support.reports.live_project import configure, write_module

pytestmark = pytest.mark.slow
TABLE = """
[reports.word]
python = "acme:word"
"""


def write_word(folder: Path, word: str) -> None:
    """Write the module of the report `word`. A module of the same size may be taken from Python's cache."""
    write_module(folder, f'def word(context):\n    time.sleep(0.05)\n    return "{word}"')


def add_job(app: App, name: str, report: str = "word") -> None:
    """Add a schedule that is due now in a channel of its own, and enqueue its job."""
    due_at = now_ms()
    channel = f"C{sum(name.encode()) * 1000 + int(name.split('-')[1]):010d}"
    app.add_schedule(name, as_of=due_at - 30_000, at=rfc3339(due_at), text="", report=report, channel=channel)
    app.tick(now_ms())


def reload(pool: Program, event: str = "reloaded") -> str:
    """Send the signal, and wait for the event. Return the log since the last call."""
    pool.send_signal(signal.SIGUSR2)
    assert pool.stderr is not None
    lines: list[str] = []
    while not lines or f" {event} " not in lines[-1]:
        lines.append(pool.stderr.readline())
        assert lines[-1], f"the pool has ended: {lines}"
    return "".join(lines)


def texts(app: App) -> list[str]:
    """Return the texts of all posts, in their order."""
    return [post["text"] for post in sorted(app.posts(), key=lambda post: float(post["ts"]))]


def start_with_old_word(app: App) -> Program:
    """Return a pool that has posted the word "old" of a report whose code has changed since."""
    write_word(app.folder, "old")
    configure(app, TABLE)
    pool = app.start("work", SCHEDBOT_RENDERERS="1")
    add_job(app, "word-1")
    until(lambda: texts(app) == ["old"])
    write_word(app.folder, "changed")
    return pool


def test_signal_takes_changed_code_and_tables(app: App) -> None:
    pool = start_with_old_word(app)
    reload(pool)
    add_job(app, "word-2")
    until(lambda: texts(app) == ["old", "changed"])
    configure(app, TABLE + '[reports.added]\ntext = "added"\n[reports.wrong]\ntext = ""')
    reload(pool, "report_table_wrong")
    add_job(app, "added-3", "added")
    until(lambda: texts(app) == ["old", "changed", "added"])
    pool.send_signal(signal.SIGHUP)
    assert pool.wait(30) == 0


def test_unreadable_configuration_keeps_the_old_tables(app: App) -> None:
    pool = start_with_old_word(app)
    right = app.config.read_text()
    app.config.write_text("[reports")
    reload(pool, "reload_failed")
    app.config.write_text(right)
    add_job(app, "word-2")
    until(lambda: texts(app) == ["old", "changed"])


def test_signal_under_load_loses_and_doubles_nothing(app: App) -> None:
    write_word(app.folder, "old")
    configure(app, TABLE + "concurrency = 3")
    pool = app.start("work", SCHEDBOT_RENDERERS="1")
    add_job(app, "word-60")
    until(lambda: texts(app) == ["old"])
    for number in range(60):
        add_job(app, f"word-{number}")
        if number % 20 == 19:
            write_word(app.folder, "changed" * number)
            reload(pool)
    until(lambda: app.states() == {"succeeded": 61})
    assert Counter(len(job["attempts"]) for job in app.audit()) == {1: 61}
    assert len(texts(app)) == 61
    assert texts(app)[-1] != "old"
