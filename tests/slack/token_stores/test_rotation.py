"""Token rotation: one refresh for all processes, stored before use; what is lost is named, and the old token serves."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from schedbot.errors import TokenUnavailable
from schedbot.slack.token_stores import installations
from schedbot.slack.token_stores.place import RotationSettings, StorePlace
from schedbot.slack.token_stores.refresh_journal import RefreshRecord, fingerprint
from schedbot.slack.token_stores.rotation import Rotation
from tests.support import token_stores
from tests.support.app import until
from tests.support.sandboxes import ForkedSandbox, fork_sandbox
from tests.support.token_stores import CLIENT_ID, install

OLD, NEW = "xoxb-sandbox-acme", "xoxe.xoxb-sandbox-acme-1"
SECRET = "hunter2"
READ = """
import sys
from schedbot.slack.token_stores import installations
from schedbot.slack.token_stores.place import RotationSettings, decode
from schedbot.slack.token_stores.refresh_journal import RefreshRecord, fingerprint
from schedbot.slack.token_stores.rotation import Rotation
print(Rotation(decode(sys.argv[1]), RotationSettings(sys.argv[2], 5000, sys.argv[3])).read_token())
"""


@dataclass
class Team:
    """The team of the sandbox's workspace in a store, and the ways to read its token."""

    folder: Path
    sandbox: ForkedSandbox

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def place(self) -> StorePlace:
        return StorePlace(str(self.store), "T0ACME", client_id=CLIENT_ID, secret_env="SLACK_CLIENT_SECRET")

    @property
    def rotation(self) -> Rotation:
        return Rotation(self.place, RotationSettings(self.sandbox.api_url, 5_000, str(self.folder / "rotation")))

    def install(self, left_s: int) -> None:
        install(token_stores.open_sqlite(self.store), "T0ACME", OLD, int(time.time()) + left_s, refresh="xoxe-1-acme-1")
        token_stores.age(self.store)

    def start(self) -> subprocess.Popen[str]:
        """Read the token in a process of its own."""
        words = (self.place.encode(), self.sandbox.api_url, str(self.folder / "rotation"))
        return subprocess.Popen([sys.executable, "-c", READ, *words], stdout=subprocess.PIPE, text=True)

    def uses(self) -> list[str]:
        """Return the refresh tokens that Slack got."""
        return [request["text"] for request in self.sandbox.control.requests("oauth.v2.access")]


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    monkeypatch.setenv("SLACK_CLIENT_SECRET", SECRET)
    with fork_sandbox() as sandbox:
        yield Team(tmp_path, sandbox)


def test_token_is_refreshed_an_hour_and_a_half_early(team: Team) -> None:
    team.install(left_s=5_500)
    assert (team.rotation.read_token(), team.uses()) == (OLD, [])
    team.install(left_s=5_300)
    assert (team.rotation.read_token(), team.rotation.read_token()) == (NEW, NEW)
    assert team.uses() == ["xoxe-1-acme-1"]
    bolt = token_stores.open_sqlite(team.store).find_installation(enterprise_id=None, team_id="T0ACME")
    assert bolt is not None
    assert (bolt.bot_token, bolt.bot_refresh_token, bolt.user_id) == (NEW, "xoxe-1-acme-2", "U0ANN")
    assert [path.suffix for path in (team.folder / "rotation").iterdir()] == [".lock"]


@pytest.mark.parametrize("kind", ["folder", "url"])
def test_new_pair_is_in_each_kind_of_store(kind: str, team: Team) -> None:
    store = getattr(token_stores, f"open_{kind}")(team.folder / kind)
    install(store, "T0ACME", OLD, int(time.time()) + 600, refresh="xoxe-1-acme-1")
    address = f"{'sqlite:///' if kind == 'url' else ''}{team.folder / kind}"
    rotation = Rotation(replace(team.place, store=address), team.rotation.settings)
    assert (rotation.read_token(), team.uses()) == (NEW, ["xoxe-1-acme-1"])
    bolt = store.find_installation(enterprise_id=None, team_id="T0ACME")
    assert (bolt.bot_token, bolt.bot_refresh_token) == (NEW, "xoxe-1-acme-2")


@pytest.mark.slow
def test_each_process_has_the_token_after_one_refresh(team: Team) -> None:
    team.install(left_s=-5)
    team.sandbox.control.order("delay", "oauth.v2.access", ms=1_500, times=4)  # the others come meanwhile
    processes = [team.start() for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in processes] == [f"{NEW}\n"] * 4
    assert team.uses() == ["xoxe-1-acme-1"]


def test_old_token_serves_while_another_process_refreshes(team: Team) -> None:
    team.install(left_s=600)
    team.sandbox.control.order("hold", "oauth.v2.access")
    slow = team.start()
    team.sandbox.control.wait_for_held(1)
    assert team.rotation.read_token() == OLD
    team.sandbox.control.release()
    assert slow.communicate(timeout=60)[0] == f"{NEW}\n"
    assert team.uses() == ["xoxe-1-acme-1"]


def test_process_killed_before_the_store_loses_nothing(team: Team) -> None:
    team.install(left_s=600)
    with sqlite3.connect(team.store) as other:
        other.execute("BEGIN IMMEDIATE")  # the new pair waits for this lock
        process = team.start()
        until(lambda: (record := team.rotation.journal.read()) and record.bot)
        process.kill()
        process.wait()
        other.rollback()
    assert team.rotation.journal.path.stat().st_mode & 0o077 == 0
    assert (team.rotation.read_token(), team.uses()) == (NEW, ["xoxe-1-acme-1"])


@pytest.mark.slow
def test_lost_answer_is_named_and_the_old_token_serves(team: Team, capfd: pytest.CaptureFixture[str]) -> None:
    team.install(left_s=600)
    team.sandbox.control.order("hold", "oauth.v2.access")
    process = team.start()
    team.sandbox.control.wait_for_held(1)
    process.kill()
    process.wait()
    team.sandbox.control.release()
    assert [team.rotation.read_token() for _ in range(3)] == [OLD] * 3
    assert team.uses() == ["xoxe-1-acme-1"] * 2  # the second is the try to recover
    problem = team.rotation.find_problem()
    assert "cannot be refreshed: Slack refused it with invalid_refresh_token (the answer to an earlier" in problem
    shown = capfd.readouterr().err
    assert ("token_refresh_failed" in shown, SECRET in shown, "xoxe-1" in shown) == (True, False, False)
    team.install(left_s=-5)
    with pytest.raises(TokenUnavailable, match="cannot be refreshed"):
        team.rotation.read_token()


def test_app_that_was_faster_is_no_failure(team: Team) -> None:
    team.install(left_s=600)
    team.sandbox.control.order("hold", "oauth.v2.access")
    process = team.start()
    team.sandbox.control.wait_for_held(1)
    store = token_stores.open_sqlite(team.store)
    install(store, "T0ACME", "xoxe.xoxb-of-the-app", int(time.time()) + 43_500, refresh="xoxe-1-acme-2")
    team.sandbox.control.release()
    assert process.communicate(timeout=60)[0] == "xoxe.xoxb-of-the-app\n"
    assert (team.rotation.find_problem(), team.rotation.read_token()) == ("", "xoxe.xoxb-of-the-app")


def test_missing_secret_is_named(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_CLIENT_SECRET")
    team.install(left_s=600)
    assert team.rotation.read_token() == OLD
    assert "the variable SLACK_CLIENT_SECRET with the client secret is not set" in team.rotation.find_problem()
    monkeypatch.setenv("SLACK_CLIENT_SECRET", SECRET)
    assert team.rotation.read_token() == NEW  # at once: nothing was sent without the secret


def test_pair_of_the_journal_mends_a_file_written_in_part(tmp_path: Path) -> None:
    install(token_stores.open_folder(tmp_path), "T0ACME", OLD, int(time.time()) + 600, refresh="xoxe-1-acme-1")
    place = StorePlace(str(tmp_path), "T0ACME", client_id=CLIENT_ID, secret_env="SLACK_CLIENT_SECRET")
    rotation = Rotation(place, RotationSettings("http://127.0.0.1:1/", 1_000, str(tmp_path / "rotation")))
    pair = installations.read_bot(place)
    pair.bot_token, pair.bot_refresh_token, pair.bot_token_expires_at = NEW, "xoxe-1-acme-2", int(time.time()) + 43_200
    (tmp_path / "rotation").mkdir()
    rotation.journal.write(RefreshRecord(fingerprint("xoxe-1-acme-1"), 1.0, bot=pair.to_dict_for_copying()))
    (tmp_path / CLIENT_ID / "none-T0ACME" / "bot-latest").write_text('{"app_id": "A0AC')
    assert rotation.read_token() == NEW
    bolt = token_stores.open_folder(tmp_path).find_installation(enterprise_id=None, team_id="T0ACME")
    assert bolt is not None
    assert bolt.bot_refresh_token == "xoxe-1-acme-2"
