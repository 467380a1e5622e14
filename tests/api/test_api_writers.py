"""Many threads and processes that add schedules at once, and a process that dies between adds."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import schedbot
from schedbot.errors import BadFile
from schedbot.store.open_database import open_database
from tests.support.app import App, until
from tests.support.sql import read_rows

WEEKLY: dict[str, Any] = {"cron": "0 9 * * mon", "tz": "America/New_York", "channel": "C0123456789", "text": "Hi"}
THREADS, PROCESSES, EACH = 8, 4, 25
ADD_SOME = """
import sys, schedbot
with schedbot.open(sys.argv[1]) as bot:
    for number in range(int(sys.argv[3])):
        bot.add(f"{sys.argv[2]}-{number}", cron=f"{number % 60} 9 * * mon", tz="America/New_York",
                channel="C0123456789", text="Hi", account="acme")
        print(number, flush=True)
"""
# A schedule without its version or its change, and the other way round.
PARTS = """
SELECT count(*) FROM schedules s
 WHERE NOT EXISTS (SELECT 1 FROM schedule_versions v WHERE v.schedule_id = s.id AND v.version = 1)
    OR NOT EXISTS (SELECT 1 FROM changes c WHERE c.object_id = s.id AND c.command = 'add')
"""


def start_adds(database: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ADD_SOME, str(database), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_threads_and_processes_lose_nothing_beside_a_pool(app: App) -> None:
    app.start("work")
    until(lambda: read_rows(app.db, "SELECT 1 FROM heartbeats WHERE kind = 'pool'"))
    errors: list[BaseException] = []
    with schedbot.open(app.path, config=app.config) as bot:

        def add_some(thread: int) -> None:
            try:
                for number in range(EACH):
                    bot.add(f"thread-{thread}-{number}", **WEEKLY, account=str(thread))
            except BaseException as error:
                errors.append(error)

        processes = [start_adds(app.path, f"process-{number}", EACH) for number in range(PROCESSES)]
        threads = [threading.Thread(target=add_some, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) or any(process.poll() is None for process in processes):
            assert app.run("tick").returncode == 0
        assert errors == []
        assert [process.communicate()[1] for process in processes] == [""] * PROCESSES
        names = {schedule.name for schedule in bot.list()}
    assert names == {
        *(f"thread-{thread}-{number}" for thread in range(THREADS) for number in range(EACH)),
        *(f"process-{process}-{number}" for process in range(PROCESSES) for number in range(EACH)),
    }
    assert list(read_rows(app.db, PARTS)) == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3, 7])
def test_killed_process_leaves_whole_schedules(bot: schedbot.Schedbot, database: Path, after: int) -> None:
    process = start_adds(database, "killed", 10_000)
    assert process.stdout
    for _ in range(after):
        process.stdout.readline()
    process.kill()
    printed = after + len(process.communicate()[0].split())
    names = [schedule.name for schedule in bot.list()]
    assert printed <= len(names) <= printed + 1
    db = open_database(database)
    assert list(read_rows(db, PARTS)) == [(0,)]
    db.close()
    assert bot.add("after", **WEEKLY).name == "after"


def test_threads_try_a_template_one_after_the_other(bot: schedbot.Schedbot, database: Path) -> None:
    """Each account is a trial of its own; an answer that belongs to another account would be an error."""
    template = database.with_name("report.json.j2")
    template.write_text('{"text": "{{ account }}{% if params.own != account %}{{ missing }}{% endif %}"}')

    def add(account: str) -> str:
        fields = {**WEEKLY, "text": None, "report": str(template), "params": {"own": account}}
        return bot.add(f"weekly-{account}", **fields, account=account).account

    accounts = [f"acme-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(add, accounts)) == accounts


def test_calls_run_in_threads_of_asyncio(bot: schedbot.Schedbot) -> None:
    async def add_all() -> list[schedbot.Schedule]:
        return await asyncio.gather(*(asyncio.to_thread(bot.add, f"acme-{n}", **WEEKLY) for n in range(20)))

    assert [schedule.name for schedule in asyncio.run(add_all())] == [f"acme-{number}" for number in range(20)]


def test_later_edit_wins_and_both_are_on_record(bot: schedbot.Schedbot, database: Path) -> None:
    bot.add("acme-weekly", **WEEKLY)
    with schedbot.open(database, actor="ann") as other:
        other.edit("acme-weekly", text="one")
        bot.edit("acme-weekly", text="two")
        assert (other.show("acme-weekly").text, other.show("acme-weekly").version) == ("two", 3)
    db = open_database(database)
    assert list(read_rows(db, "SELECT actor FROM changes WHERE command = 'edit' ORDER BY id")) == [
        ("ann",),
        ("settings page",),
    ]
    db.close()


def test_named_report_of_a_sync_is_not_run(database: Path) -> None:
    ran = database.with_name("ran")
    with database.with_name("schedbot.toml").open("a") as config:
        config.write(f'\n[reports.weekly]\ncommand = ["touch", "{ran}"]\n')
    row = {"name": "acme", "cron": "0 9 * * mon", "tz": "UTC", "channel": "C0123456789", "report": "weekly"}
    with schedbot.open(database, config=database.with_name("schedbot.toml")) as bot:
        assert len(bot.sync([row], source="product").added) == 1
        assert not ran.exists()
        with pytest.raises(BadFile):
            bot.sync([{**row, "report": "wekly"}], source="product")
