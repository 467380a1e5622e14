"""A workspace names where its token is found, never the token; while it is paused its jobs wait."""

from pathlib import Path

import pytest

from schedbot.admin.workspaces import lookup, manage, token_sources
from schedbot.errors import BadInput, NotFound
from schedbot.model import TokenSource
from schedbot.store.history import changes
from schedbot.store.schedules import workspace_usage
from schedbot.store.schedules import workspaces as rows
from tests.support.schedules import Book

SECRET = "xoxb-1234567890-abcdefgh"
ENV = TokenSource("env", "NO_SUCH_TOKEN_VARIABLE")


def parked(book: Book) -> list[tuple[str, int]]:
    return [(state, parked) for state, parked in book.db.rows("SELECT state, parked FROM jobs ORDER BY due_at")]


def test_a_variable_that_is_not_set_yet_is_noted_and_taken(book: Book) -> None:
    assert "NO_SUCH_TOKEN_VARIABLE is not set" in manage.add(book.session, "acme", ENV)
    assert lookup.find(book.db, "acme").token == ENV


def test_a_name_is_there_once(book: Book) -> None:
    manage.add(book.session, "acme", ENV)
    with pytest.raises(BadInput, match="A workspace is called 'acme' already"):
        manage.add(book.session, "acme", ENV)


@pytest.mark.parametrize("name", ["", " acme", "-acme", "a\nb", "x" * 81])
def test_a_name_that_could_not_be_typed_is_refused(book: Book, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a workspace"):
        manage.add(book.session, name, ENV)


def test_an_unknown_workspace_is_named_with_the_nearest(book: Book) -> None:
    with pytest.raises(NotFound) as refused:
        manage.pause(book.session, "defalt", "")
    assert (str(refused.value), refused.value.hint) == (
        "No workspace named 'defalt' exists.",
        "Did you mean 'default'?",
    )


@pytest.mark.parametrize("option", ["env", "file", "command"])
def test_a_token_in_place_of_its_place_is_refused_and_not_repeated(option: str) -> None:
    said = {"env": None, "file": None, "command": None} | {option: f"echo {SECRET}"}
    with pytest.raises(BadInput) as refused:
        token_sources.said(said["env"], said["file"], said["command"])
    assert SECRET not in f"{refused.value} {refused.value.hint}"


def test_exactly_one_place_is_said() -> None:
    for places in ((None, None, None), ("A", "b", None)):
        with pytest.raises(BadInput):
            token_sources.said(*places)


def test_a_token_file_that_others_can_read_is_refused_with_the_remedy(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "slack.token"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(BadInput) as refused:
        manage.add(book.session, "acme", token_sources.said(None, str(file), None))
    assert refused.value.hint == f"chmod 600 {file}"
    assert rows.by_name(book.db, "acme") is None


def test_a_token_file_is_kept_by_its_absolute_path(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slack.token").write_text(SECRET)
    (tmp_path / "slack.token").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    assert manage.add(book.session, "acme", token_sources.said(None, "slack.token", None)) == ""
    assert lookup.find(book.db, "acme").token.place == str(tmp_path / "slack.token")


def test_every_change_is_on_record_and_no_token_is(book: Book, tmp_path: Path) -> None:
    manage.add(book.session, "acme", TokenSource("command", f"echo {SECRET} --password=hush"))
    number = lookup.find(book.db, "acme").id
    manage.pause(book.session, "acme", "moving")
    manage.resume(book.session, "acme")
    manage.edit(book.session, "acme", ENV)
    manage.remove(book.session, "acme")
    told = list(changes.of_object(book.db, "workspace", number))
    assert [one.command.removeprefix("workspace ") for one in reversed(told)] == [
        "add",
        "pause",
        "resume",
        "edit",
        "remove",
    ]
    assert {one.actor for one in told} == {"tester@house"}
    assert "hush" not in str(told)
    assert SECRET not in str(told)


def test_a_pause_parks_what_waits_and_a_resume_lets_it_go_on(book: Book) -> None:
    book.add()
    book.tick("2026-12-01 08:59:10")
    assert manage.pause(book.session, "default", "revoked") == manage.Turned(True, 1)
    assert parked(book) == [("queued", 1)]
    assert manage.pause(book.session, "default", "again") == manage.Turned(False, 1)
    assert lookup.find(book.db, "default").paused_reason == "revoked"
    assert manage.resume(book.session, "default") == manage.Turned(True, 1)
    assert parked(book) == [("queued", 0)]


def test_a_pause_takes_back_what_was_handed_out_and_has_not_left(book: Book) -> None:
    book.add()
    book.tick("2026-12-01 08:59:10")
    book.claim(sent=False)
    manage.pause(book.session, "default", "")
    assert parked(book) == [("queued", 1)]
    assert book.db.value("SELECT token FROM jobs") is None


def test_a_pause_does_not_touch_what_has_left(book: Book) -> None:
    book.add()
    book.tick("2026-12-01 08:59:10")
    book.claim(sent=True)
    manage.pause(book.session, "default", "")
    assert parked(book) == [("running", 0)]


def test_what_goes_on_keeps_a_second_between_two_posts_to_a_channel(book: Book) -> None:
    for name in ("a", "b", "c"):
        book.add(name)
    book.tick("2026-12-01 08:59:10")
    manage.pause(book.session, "default", "")
    book.utc = "2026-12-01 10:00:00"
    manage.resume(book.session, "default")
    starts = sorted(row[0] for row in book.db.rows("SELECT available_at FROM jobs"))
    assert [later - starts[0] for later in starts] == [0, 1000, 2000]
    assert starts[0] == book.session.now()


def test_a_workspace_that_schedules_use_cannot_be_removed(book: Book) -> None:
    book.add("a")
    book.add("b")
    with pytest.raises(BadInput) as refused:
        manage.remove(book.session, "default")
    assert "2 schedules use it" in str(refused.value)
    assert "schedbot list --workspace default" in refused.value.hint
    book.remove("*")
    manage.remove(book.session, "default")
    assert rows.every(book.db) == []


def test_the_channels_of_its_schedules_are_each_told_once(book: Book) -> None:
    for name, channel in (("a", "C0000000001"), ("b", "C0000000001"), ("c", "C0000000002")):
        book.add(name, channel=channel)
    book.remove("c")
    number = lookup.find(book.db, "default").id
    assert workspace_usage.channels(book.db, number) == [workspace_usage.ChannelUsed("C0000000001", 2, "a")]
