"""The real Debian cron daemon runs the lines of `crontab.example`, and the posts arrive."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import App, now_ms, rfc3339, until
from tests.support.sandboxes import fork_sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(shutil.which("cron") is None, reason="cron is not installed: apt-get install cron"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a cron daemon"),
]

EXAMPLE = Path(__file__).parent.parent / "crontab.example"
# Beyond the look-ahead of `add` and of the first tick: only a tick run by cron can make the job.
BEYOND_THE_LOOK_AHEAD_MS = 95_000
Line = Callable[[str], bool]


def crontab(is_wanted: Line, app: App) -> str:
    """Return a crontab for /etc/cron.d: a line of the example, with the environment of this app."""
    lines = [line.removeprefix("# ") for line in EXAMPLE.read_text().splitlines()]
    (line,) = [line for line in lines if line.startswith("* * * * *") and is_wanted(line)]
    minute, user, command = line.split("  ")
    assert user == "schedbot"
    settings = {name: value for name, value in app.environment().items() if name.startswith(("SCHEDBOT_", "SLACK_"))}
    del settings["SCHEDBOT_CONFIG"]  # the line names it
    places = {
        "/opt/schedbot/.venv/bin": str(Path(sys.executable).parent),
        "/etc/schedbot/schedbot.toml": str(app.config),
    }
    for installed, own in places.items():
        command = command.replace(installed, own)
    return "".join(f"{name}={value}\n" for name, value in settings.items()) + f"{minute} root {command}\n"


def shares_our_files(process: Path) -> bool:
    """Return whether the process is in our mount namespace. A daemon of another test may not be."""
    try:
        return os.readlink(process / "ns/mnt") == os.readlink("/proc/self/ns/mnt")
    except OSError:
        return False


@pytest.fixture(scope="module")
def daemon() -> Iterator[None]:
    """Use the running cron daemon of the machine, or start a cron daemon for these tests."""
    processes = Path("/proc").glob("[0-9]*/comm")
    running = [comm for comm in processes if _read(comm) == "cron" and shares_our_files(comm.parent)]
    own = None if running else subprocess.Popen(["cron", "-f"], stdin=-3, stdout=-3, stderr=-3)
    yield
    if own is not None:
        # If the daemon of another test worker runs, this daemon has ended by itself.
        own.terminate()
        own.wait(10)


@pytest.fixture(scope="module")
def crontabs() -> Iterator[Callable[[str], None]]:
    """Install crontabs in /etc/cron.d, and remove them at the end."""
    files: list[Path] = []

    def install(text: str) -> None:
        files.append(Path("/etc/cron.d") / f"schedbot-test-{uuid.uuid4().hex}")
        files[-1].touch(0o600)
        files[-1].write_text(text)

    yield install
    for path in files:
        path.unlink()


@pytest.fixture(scope="module")
def posts(daemon: None, crontabs: Callable[[str], None], tmp_path_factory: Any) -> Iterator[dict[str, int]]:
    """Return the lateness in ms of a post by cron with a running pool, and of a post by cron alone."""
    with fork_sandbox() as slack:
        served = App(tmp_path_factory.mktemp("served"), slack)
        drained = App(tmp_path_factory.mktemp("drained"), slack)
        crontabs(crontab(lambda line: "work" not in line, served))
        crontabs(crontab(lambda line: "work" in line, drained))
        served.start("work")
        due_at = now_ms() + BEYOND_THE_LOOK_AHEAD_MS
        served.add_schedule("served", at=rfc3339(due_at), channel="C0000000001")
        # This schedule is in the past when cron next starts `work --drain`.
        drained.add_schedule("drained", at=rfc3339(now_ms() + 2_000), channel="C0000000002")
        assert served.states() == {}, "the job existed before cron ran"
        try:
            until(lambda: served.states() == drained.states() == {"succeeded": 1}, within=130)
            assert sorted(slack.control.texts()) == ["drained", "served"]
            yield {app.folder.name[:-1]: app.audit()[0]["lateness_ms"] for app in (served, drained)}
        finally:
            served.close()
            drained.close()


def test_cron_and_a_running_pool_post_at_the_instant(posts: dict[str, int]) -> None:
    assert 0 <= posts["served"] < 5_000


def test_cron_alone_posts_within_a_minute(posts: dict[str, int]) -> None:
    assert 0 <= posts["drained"] < 65_000


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # the process has ended
