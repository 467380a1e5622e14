"""Tokens from installation stores: the team's token of each kind of store, and clear errors without secrets."""

import time
from pathlib import Path

import pytest

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack.token_stores.place import StorePlace
from schedbot.slack.tokens import read_token
from tests.support import token_stores
from tests.support.token_stores import CLIENT_ID, install

TOKEN = "xoxb-of-initech"


def source(store: str, team: str = "T0INITECH", **more: str) -> TokenSource:
    return TokenSource("store", StorePlace(store, team, client_id=CLIENT_ID, **more).encode())


def refusal(place: TokenSource) -> str:
    with pytest.raises(TokenUnavailable) as error:
        read_token(place)
    assert "hunter2" not in f"{error.value} {error.value.hint}"
    return str(error.value)


@pytest.mark.parametrize("kind", ["sqlite", "folder", "url"])
def test_token_of_the_team_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "store"
    store = getattr(token_stores, f"open_{kind}")(path)
    install(store, "T0INITECH", "xoxb-before")
    install(store, "T0OTHER", "xoxb-of-another")
    install(store, "T0GRID", "xoxb-of-grid", enterprise="E0GRID")
    address = f"sqlite:///{path}" if kind == "url" else str(path)
    assert read_token(source(address)) == "xoxb-before"
    assert read_token(source(address, "T0GRID", enterprise="E0GRID")) == "xoxb-of-grid"
    assert "has no team T0NOBODY of the app 111.222" in refusal(source(address, "T0NOBODY"))


def test_newer_token_of_the_bot_alone_counts(tmp_path: Path) -> None:
    store = token_stores.open_sqlite(tmp_path / "store.db")
    install(store, "T0INITECH", "xoxb-before", expires_at=int(time.time()) + 60)
    bot = store.find_bot(enterprise_id=None, team_id="T0INITECH")
    assert bot is not None
    bot.bot_token, bot.bot_token_expires_at = TOKEN, int(time.time()) + 600
    store.save_bot(bot)
    assert read_token(source(str(tmp_path / "store.db"))) == TOKEN


def test_expired_token_is_named(tmp_path: Path) -> None:
    install(token_stores.open_folder(tmp_path), "T0INITECH", TOKEN, expires_at=1_700_000_000)
    assert refusal(source(str(tmp_path))).endswith("expired at 2023-11-14T22:13:20.000Z.")


def test_reading_a_wrong_store_creates_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    assert "FileNotFoundError" in refusal(source(str(empty)))
    assert not empty.exists()
    empty.touch()
    assert "no readable table" in refusal(source(str(empty)))
    assert empty.stat().st_size == 0
    folder = tmp_path / CLIENT_ID / "none-T0INITECH"
    folder.mkdir(parents=True)
    (folder / "bot-latest").write_text("{")
    assert "JSONDecodeError" in refusal(source(str(tmp_path)))


def test_url_with_a_password_comes_from_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "The variable STORE_URL is not set" in refusal(source("env:STORE_URL"))
    monkeypatch.setenv("STORE_URL", "postgresql://app:hunter2@localhost/x")
    assert refusal(source("env:STORE_URL")).startswith("The token store env:STORE_URL cannot be used: ")
    install(token_stores.open_url(tmp_path / "s"), "T0INITECH", TOKEN)
    monkeypatch.setenv("STORE_URL", f"sqlite:///{tmp_path / 's'}")
    assert read_token(source("env:STORE_URL")) == TOKEN
