"""The real Debian cron daemon runs what `crontab.example` says, and the posts are there with nobody at the keyboard."""

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
    pytest.mark.timeout(200),
    pytest.mark.skipif(shutil.which("cron") is None, reason="cron is not installed: apt-get install cron"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a cron daemon"),
]

EXAMPLE = Path(__file__).parent.parent / "crontab.example"
# Farther away than `add` and a tick look ahead: only a later tick, cron's, can make the job.
BEYOND_THE_LOOK_AHEAD_MS = 95_000
Line = Callable[[str], bool]


def example(wanted: Line, app: App) -> str:
    """A crontab for /etc/cron.d: the example's line, with this app's environment in place of the example's."""
    lines = [line.removeprefix("# ") for line in EXAMPLE.read_text().splitlines()]
    (line,) = [line for line in lines if line.startswith("* * * * *") and wanted(line)]
    minute, user, command = line.split("  ")
    assert user == "schedbot"
    settings = {name: value for name, value in app.environment().items() if name.startswith(("SCHEDBOT_", "SLACK_"))}
    settings["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return "".join(f"{name}={value}\n" for name, value in settings.items()) + f"{minute} root {command}\n"


def sees_our_files(process: Path) -> bool:
    """Not so a daemon that another test runs in a mount namespace of its own."""
    try:
        return os.readlink(process / "ns/mnt") == os.readlink("/proc/self/ns/mnt")
    except OSError:
        return False


@pytest.fixture(scope="module")
def daemon() -> Iterator[None]:
    """A cron daemon: the machine's own where one runs, else one for as long as these tests take."""
    running = [one for one in Path("/proc").glob("[0-9]*/comm") if _read(one) == "cron" and sees_our_files(one.parent)]
    own = None if running else subprocess.Popen(["cron", "-f"], stdin=-3, stdout=-3, stderr=-3)
    yield
    if own is not None:
        # With another worker's daemon on the machine, this one has ended by itself: either serves both.
        own.terminate()
        own.wait(10)


@pytest.fixture(scope="module")
def crontabs() -> Iterator[Callable[[str], None]]:
    """Puts crontabs into /etc/cron.d, and takes them away again whatever happens."""
    made: list[Path] = []

    def install(text: str) -> None:
        made.append(Path("/etc/cron.d") / f"schedbot-test-{uuid.uuid4().hex}")
        made[-1].touch(0o600)
        made[-1].write_text(text)

    yield install
    for path in made:
        path.unlink()


@pytest.fixture(scope="module")
def posts(daemon: None, crontabs: Callable[[str], None], tmp_path_factory: Any) -> Iterator[dict[str, int]]:
    """Two products, each with a schedule that is due soon, and cron: how late (ms) each one's post was stored."""
    with fork_sandbox() as slack:
        served = App(tmp_path_factory.mktemp("served"), slack)
        drained = App(tmp_path_factory.mktemp("drained"), slack)
        crontabs(example(lambda line: "work" not in line, served))
        crontabs(example(lambda line: "work" in line, drained))
        served.start("work")
        due_at = now_ms() + BEYOND_THE_LOOK_AHEAD_MS
        served.add_schedule("served", at=rfc3339(due_at), channel="C0000000001")
        # This one is in the past when cron next starts `work --drain`.
        drained.add_schedule("drained", at=rfc3339(now_ms() + 2_000), channel="C0000000002")
        assert served.states() == {}, "the job was there before cron ran"
        try:
            until(lambda: served.states() == drained.states() == {"succeeded": 1}, within=130)
            assert sorted(slack.control.texts()) == ["drained", "served"]
            yield {app.folder.name[:-1]: app.audit()[0]["lateness_ms"] for app in (served, drained)}
        finally:
            served.close()
            drained.close()


def test_cron_and_a_running_pool_post_at_the_instant(posts: dict[str, int]) -> None:
    assert 0 <= posts["served"] < 5_000


def test_cron_alone_posts_within_the_minute(posts: dict[str, int]) -> None:
    assert 0 <= posts["drained"] < 65_000


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # it has ended meanwhile
