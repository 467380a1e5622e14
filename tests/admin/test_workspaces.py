"""A workspace stores the source of its token, never the token. Its jobs wait while it is paused."""

from pathlib import Path

import pytest

from schedbot.admin.workspaces import lookup, manage, token_sources
from schedbot.errors import BadInput, NotFound
from schedbot.model import TokenSource
from schedbot.store.history import changes
from schedbot.store.schedules import workspace_usage
from schedbot.store.schedules import workspaces as rows
from schedbot.store.schedules.parked_jobs import ResumedJobs
from tests.support.job_history import JobHistory
from tests.support.schedules import Schedules
from tests.support.sql import read_rows, read_value

SECRET = "xoxb-1234567890-abcdefgh"
ENV = TokenSource("env", "NO_SUCH_TOKEN_VARIABLE")


def parked(schedules: Schedules) -> list[tuple[str, int]]:
    return [
        (state, parked) for state, parked in read_rows(schedules.db, "SELECT state, parked FROM jobs ORDER BY due_at")
    ]


def test_unset_variable_is_a_warning(schedules: Schedules) -> None:
    assert "NO_SUCH_TOKEN_VARIABLE is not set" in manage.add(schedules.session, "acme", ENV)
    assert lookup.find(schedules.db, "acme").token == ENV


def test_existing_workspace_name_is_refused(schedules: Schedules) -> None:
    manage.add(schedules.session, "acme", ENV)
    with pytest.raises(BadInput, match="A workspace named 'acme' exists"):
        manage.add(schedules.session, "acme", ENV)


@pytest.mark.parametrize("name", ["", " acme", "-acme", "a\nb", "x" * 81])
def test_unusable_workspace_name_is_refused(schedules: Schedules, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a workspace"):
        manage.add(schedules.session, name, ENV)


def test_unknown_workspace_has_the_nearest_name_as_hint(schedules: Schedules) -> None:
    with pytest.raises(NotFound) as refused:
        manage.pause(schedules.session, "defalt", "")
    assert (str(refused.value), refused.value.hint) == (
        "No workspace named 'defalt' exists.",
        "Did you mean 'default'?",
    )


@pytest.mark.parametrize("option", ["env", "file", "command"])
def test_token_as_source_is_refused_and_not_repeated(option: str) -> None:
    options = {"env": None, "file": None, "command": None} | {option: f"echo {SECRET}"}
    with pytest.raises(BadInput) as refused:
        token_sources.parse_token_source(options["env"], options["file"], options["command"])
    assert SECRET not in f"{refused.value} {refused.value.hint}"


def test_exactly_one_token_source_is_needed() -> None:
    for places in ((None, None, None), ("A", "b", None)):
        with pytest.raises(BadInput):
            token_sources.parse_token_source(*places)


def test_token_file_readable_by_others_is_refused(schedules: Schedules, tmp_path: Path) -> None:
    file = tmp_path / "slack.token"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(BadInput) as refused:
        manage.add(schedules.session, "acme", token_sources.parse_token_source(None, str(file), None))
    assert refused.value.hint == f"chmod 600 {file}"
    assert rows.by_name(schedules.db, "acme") is None


def test_token_file_is_stored_by_its_absolute_path(
    schedules: Schedules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slack.token").write_text(SECRET)
    (tmp_path / "slack.token").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    assert manage.add(schedules.session, "acme", token_sources.parse_token_source(None, "slack.token", None)) == ""
    assert lookup.find(schedules.db, "acme").token.place == str(tmp_path / "slack.token")


def test_changes_are_recorded_without_tokens(schedules: Schedules, tmp_path: Path) -> None:
    manage.add(schedules.session, "acme", TokenSource("command", f"echo {SECRET} --password=hush"))
    workspace_id = lookup.find(schedules.db, "acme").id
    manage.pause(schedules.session, "acme", "moving")
    manage.resume(schedules.session, "acme")
    manage.edit(schedules.session, "acme", ENV)
    manage.remove(schedules.session, "acme")
    recorded = list(changes.of_object(schedules.db, "workspace", workspace_id))
    assert [change.command.removeprefix("workspace ") for change in reversed(recorded)] == [
        "add",
        "pause",
        "resume",
        "edit",
        "remove",
    ]
    assert {change.actor for change in recorded} == {"tester@host"}
    assert "hush" not in str(recorded)
    assert SECRET not in str(recorded)


def test_pause_parks_queued_jobs_until_resume(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:10")
    assert manage.pause(schedules.session, "default", "revoked") == manage.PauseResult(True, 1)
    assert parked(schedules) == [("queued", 1)]
    assert manage.pause(schedules.session, "default", "again") == manage.PauseResult(False, 1)
    assert lookup.find(schedules.db, "default").paused_reason == "revoked"
    assert manage.resume(schedules.session, "default") == manage.ResumeResult(True, ResumedJobs(1))
    assert parked(schedules) == [("queued", 0)]


def test_pause_parks_claimed_jobs_that_are_not_sent(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:10")
    schedules.claim(sent=False)
    manage.pause(schedules.session, "default", "")
    assert parked(schedules) == [("queued", 1)]
    assert read_value(schedules.db, "SELECT token FROM jobs") is None


def test_pause_does_not_touch_sent_jobs(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:10")
    schedules.claim(sent=True)
    manage.pause(schedules.session, "default", "")
    assert parked(schedules) == [("running", 0)]


def test_resumed_jobs_of_a_channel_are_a_second_apart(schedules: Schedules) -> None:
    for name in ("a", "b", "c"):
        schedules.add(name)
    schedules.tick("2026-12-01 08:59:10")
    manage.pause(schedules.session, "default", "")
    schedules.utc = "2026-12-01 10:00:00"
    manage.resume(schedules.session, "default")
    starts = sorted(row[0] for row in read_rows(schedules.db, "SELECT available_at FROM jobs"))
    assert [later - starts[0] for later in starts] == [0, 1000, 2000]
    assert starts[0] == schedules.session.now()


def test_removed_workspace_ends_messages_that_have_begun(history: JobHistory) -> None:
    history.add_workspace("globex")
    schedule = history.add_schedule("daily", workspace="globex", state="removed")
    job = history.add_job(schedule, "queued", ts="1.1", attempts=1, parts=3, parts_posted=1)
    manage.remove(history.session, "globex")
    assert history.row(job, "state", "error") == ("failed", "workspace_removed")


def test_workspace_in_use_cannot_be_removed(schedules: Schedules) -> None:
    schedules.add("a")
    schedules.add("b")
    with pytest.raises(BadInput) as refused:
        manage.remove(schedules.session, "default")
    assert "2 schedules use it" in str(refused.value)
    assert "schedbot list --workspace default" in refused.value.hint
    schedules.remove("*")
    manage.remove(schedules.session, "default")
    assert rows.list_all(schedules.db) == []


def test_channels_of_a_workspace_are_listed_once(schedules: Schedules) -> None:
    for name, channel in (("a", "C0000000001"), ("b", "C0000000001"), ("c", "C0000000002")):
        schedules.add(name, channel=channel)
    schedules.remove("c")
    workspace_id = lookup.find(schedules.db, "default").id
    assert workspace_usage.list_channels(schedules.db, workspace_id) == [
        workspace_usage.ChannelUsage("C0000000001", 2, "a")
    ]
