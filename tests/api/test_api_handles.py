"""A handle after its close, in a forked child, on a changed database, and what the package loads."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import schedbot
from schedbot.admin.operations import init
from schedbot.errors import DatabaseUnusable, HandleUnusable, SchedbotError
from schedbot.settings import Flags
from schedbot.store.open_database import open_database
from tests.support.app import until
from tests.support.command_line import NOBODY

WEEKLY: dict[str, Any] = {"cron": "0 9 * * mon", "tz": "America/New_York", "channel": "C0123456789", "text": "Hi"}
FOREIGN = ("slack_sdk", "aiohttp", "rich", "typer", "click")
ONE_OF_EACH = """
import sys, schedbot
assert not [name for name in sys.modules if name.startswith("schedbot.")], "import schedbot loads modules"
with schedbot.open(sys.argv[1]) as bot:
    bot.add("a", cron="0 9 * * mon", tz="Europe/Berlin", channel="C0123456789", text="Hi", account="1")
    bot.edit("a", text="Hello"), bot.pause("a"), bot.resume("a"), bot.run_now("a"), bot.next("a"), bot.show("a")
    list(bot.audit(account="1")), bot.why("a"), bot.retry(state="failed"), bot.list(state="active"), bot.remove("a")
print([name for name in sys.argv[2:] if name in sys.modules])
"""


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(SchedbotError) as refused:
        call()
    return refused.value.message, refused.value.hint


def in_child(call: Callable[[], object]) -> Any:
    """Return what a call returns in a forked child. Raises AssertionError with its traceback."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        try:
            sender.send((call(), ""))
        except BaseException:
            sender.send((None, traceback.format_exc()))
        os._exit(0)
    sender.close()
    result, problem = receiver.recv()
    os.waitpid(child, 0)
    assert not problem, problem
    return result


def test_no_method_loads_libraries_of_commands_or_posts(database: Path) -> None:
    command = [sys.executable, "-c", ONE_OF_EACH, str(database), *FOREIGN]
    result = subprocess.run(command, capture_output=True, text=True, cwd=database.parent)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_closed_handle_is_refused(database: Path) -> None:
    bot = schedbot.open(database)
    bot.add("acme-weekly", **WEEKLY)
    bot.run_now("acme-weekly")
    jobs = bot.audit()
    bot.close()
    bot.close()
    sentence = ("This handle was closed.", "Open another with schedbot.open().")
    assert refusal(lambda: bot.show("acme-weekly")) == sentence
    assert refusal(lambda: bot.add("acme-2", **WEEKLY)) == sentence
    assert refusal(bot.__enter__) == sentence
    assert refusal(lambda: next(jobs)) == sentence


def read_link(descriptor: Path) -> str:
    """Return the path of an open file; empty if it was closed meanwhile."""
    try:
        return os.readlink(descriptor)
    except FileNotFoundError:
        return ""


def test_handle_that_nobody_closes_keeps_no_file_open(database: Path) -> None:
    for number in range(5):
        schedbot.open(database).add(f"acme-{number}", **WEEKLY)
    gc.collect()
    open_files = [link for link in map(read_link, Path("/proc/self/fd").iterdir()) if link.startswith(str(database))]
    assert open_files == []


def test_forked_child_is_refused_and_harms_nothing(database: Path) -> None:
    bot = schedbot.open(database)
    bot.add("acme-weekly", **WEEKLY)
    bot.run_now("acme-weekly")
    jobs = bot.audit()
    next(jobs)

    def use() -> list[str]:
        calls = (lambda: bot.show("acme-weekly"), lambda: bot.add("acme-2", **WEEKLY), lambda: next(jobs))
        hints = [refusal(call)[1] for call in calls]
        hints.append(refusal(lambda: schedbot.open(database))[1])
        bot.close()
        jobs.close()  # type: ignore[attr-defined]
        return hints

    assert in_child(use) == ["Open handles after a fork only, and close those of before it first."] * 4
    bot.add("parent", **WEEKLY)
    assert {schedule.name for schedule in bot.list()} == {"acme-weekly", "parent"}
    bot.close()


def test_child_opens_a_handle_that_the_parent_has_closed(database: Path) -> None:
    with schedbot.open(database) as bot:
        bot.add("parent", **WEEKLY)

    def use() -> str:
        with schedbot.open(database) as own:
            return own.add("child", **WEEKLY).name

    assert in_child(use) == "child"
    with schedbot.open(database) as bot:
        assert {schedule.name for schedule in bot.list()} == {"child", "parent"}


def test_child_that_lives_on_does_not_keep_the_write_lock(database: Path) -> None:
    """A process forks while a thread of it waits for the lock: the child has the same descriptor."""
    holder, bot = open_database(database), schedbot.open(database)
    with holder.writing():
        thread = threading.Thread(target=lambda: bot.add("acme-weekly", **WEEKLY))
        thread.start()
        until(lambda: any(name.startswith("schedbot.db-lock") for name in locks_waited_for()))
        child = os.fork()
        if child == 0:
            signal.pause()
    thread.join()
    try:
        bot.add("acme-2", **WEEKLY)
        assert len(bot.list()) == 2
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        bot.close()
        holder.close()


def locks_waited_for() -> list[str]:
    """Return the names of the files with a lock that somebody waits for."""
    waiting = [line.split()[-3] for line in Path("/proc/locks").read_text().splitlines() if "->" in line]
    inodes = {entry.rpartition(":")[2] for entry in waiting}
    links = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
    return [link.resolve().name for link in links if link.exists() and str(link.stat().st_ino) in inodes]


def test_database_of_a_newer_schema_is_refused(database: Path) -> None:
    bot = schedbot.open(database)
    db = open_database(database)
    with db.writing():
        db.execute(f"PRAGMA user_version = {db.known_schema + 1}")
    assert "was written by a newer schedbot" in refusal(lambda: bot.add("acme-weekly", **WEEKLY))[0]
    assert "was written by a newer schedbot" in refusal(lambda: schedbot.open(database))[0]
    bot.close()
    db.close()


def test_replaced_database_is_opened_anew(database: Path) -> None:
    bot = schedbot.open(database)
    bot.add("acme-weekly", **WEEKLY)
    database.unlink()
    assert refusal(lambda: bot.show("acme-weekly"))[0] == f"There is no database at '{database}'."
    init.initialize(database.parent, Flags(str(database.with_name("schedbot.toml")), str(database)), 0)
    assert bot.list() == []
    bot.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_database_of_another_owner_is_read_and_not_written(database: Path) -> None:
    for folder in (database.parent, *database.parent.parents):
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    database.chmod(0o644)

    def use() -> tuple[int, tuple[str, str]]:
        os.setuid(NOBODY)
        with schedbot.open(database) as bot:
            return len(bot.list()), refusal(lambda: bot.add("acme-weekly", **WEEKLY))

    count, (message, hint) = in_child(use)
    assert (count, hint) == (0, "Let the user that runs schedbot write the file and its folder.")
    assert "is read-only for" in message


def test_errors_of_open_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There is no database at" in refusal(lambda: schedbot.open(tmp_path / "missing.db"))[0]
    assert "There is no configuration file" in refusal(lambda: schedbot.open(config="missing.toml"))[0]
    (tmp_path / "text.db").write_text("not a database" * 100)
    with pytest.raises(DatabaseUnusable, match="is not an SQLite database"):
        schedbot.open(tmp_path / "text.db")
    assert issubclass(HandleUnusable, schedbot.errors.SchedbotError)
