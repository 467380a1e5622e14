"""`--tz slack:U0123456789`: a schedule has the zone of a Slack user. A refusal by Slack writes nothing."""

import io
from dataclasses import replace

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import exporter
from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import ImportResult, Source, import_file
from schedbot.admin.schedules import add, edit, serialize
from schedbot.errors import BadFile
from schedbot.store.schedules import schedules
from tests.support.app import TOKEN, App
from tests.support.sql import read_value

ANNA, BERND = "slack:U0SANDBOX01", "slack:U0SANDBOX02"  # in Los Angeles, in Berlin
HEADER = "name,channel,cron,tz,text,workspace\n"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)


def request_count(app: App) -> int:
    """Return the number of users.info requests."""
    return len(app.slack.requests("users.info"))


def names(app: App) -> list[str]:
    return [schedule.name for schedule in schedules.list_matching(app.db)]


def take(app: App, lines: str, update: bool = False) -> ImportResult:
    return import_file(app.session(), Source("file.csv", (HEADER + lines).encode(), update=update))


def exported(app: App) -> bytes:
    out = io.StringIO()
    exporter.write(exporter.find_schedules(app.db, ()), Format.CSV, out)
    return out.getvalue().encode()


def test_schedule_is_due_in_the_users_zone(app: App) -> None:
    added = app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    assert (added.recurrence.tz, added.terms.tz_from) == ("America/Los_Angeles", ANNA)
    assert serialize.to_columns(added)["tz"] == ANNA


def test_add_names_the_user_and_next_the_zone(app: App) -> None:
    fields = ("--cron", "0 9 * * *", "--tz", ANNA, "--channel", "C0000000001", "--text", "Hi")
    added = app.run("add", "anna", *fields)
    assert "at 09:00 every day, Los Angeles time (zone of U0SANDBOX01 in Slack)." in added.stdout
    shown = app.run("show", "anna", "--json").stdout
    assert f'"tz": "{ANNA}"' in shown
    assert '"zone": "America/Los_Angeles"' in shown
    assert '"tz": "America/Los_Angeles"' in app.run("next", "anna", "--json").stdout


def test_zone_name_needs_no_request(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * *", tz="Europe/Berlin")
    assert request_count(app) == 0


def test_edit_changes_between_user_and_zone_name(app: App) -> None:
    app.add_schedule("report", cron="0 9 * * *", tz="Europe/Berlin")
    edited = edit.edit(app.session(), "report", {"tz": ANNA})
    assert edited.differences == [("tz", "Europe/Berlin", ANNA), ("zone", None, "America/Los_Angeles")]
    again = edit.edit(app.session(), "report", {"tz": "UTC"}).after
    assert (again.recurrence.tz, again.terms.tz_from) == ("UTC", "")


def test_edit_of_other_fields_keeps_the_user(app: App) -> None:
    app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    after = edit.edit(app.session(), "anna", {"text": "Hello", "cron": "0 10 * * *"}).after
    assert (after.recurrence.tz, after.terms.tz_from, request_count(app)) == ("America/Los_Angeles", ANNA, 1)


@pytest.mark.parametrize(
    ("error", "sentence", "remedy"),
    [
        ("missing_scope", "lacks the scope users:read", "OAuth & Permissions"),
        ("user_not_found", "Slack knows no user U0SANDBOX01 in the workspace 'default'.", "Copy member ID"),
        ("token_revoked", "The workspace's token was revoked", "Put a valid token"),
        ("internal_error", "Slack did not return the time zone of U0SANDBOX01 (internal_error).", "Try again"),
        ("ratelimited", "rate limit", "Try again in a minute"),
    ],
)
def test_refusal_by_slack_is_an_error_and_writes_nothing(app: App, error: str, sentence: str, remedy: str) -> None:
    app.slack.order("error", "users.info", code=error)
    with pytest.raises(BadField) as refused:
        app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    assert refused.value.column == "tz"
    assert sentence in str(refused.value)
    assert remedy in refused.value.hint
    assert names(app) == []
    assert read_value(app.db, "SELECT count(*) FROM people") == 0


def test_user_without_a_usable_zone_is_refused(app: App) -> None:
    app.slack.set_user("U0GONE", tz="UTC", deleted=True)
    app.slack.set_user("U0NOWHERE", tz="")
    app.slack.set_user("U0MARS", tz="Mars/Olympus")
    for user, sentence in [("U0GONE", "deactivated"), ("U0NOWHERE", "no time zone of"), ("U0MARS", "'Mars/Olympus'")]:
        with pytest.raises(BadField, match=sentence):
            app.add_schedule("anna", cron="0 9 * * *", tz=f"slack:{user}")


def test_missing_token_and_unreachable_slack_are_errors(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"name": "anna", "cron": "0 9 * * *", "tz": ANNA, "channel": "C0000000001", "text": "Hi"}
    session = app.session()
    unreachable = replace(session, settings=replace(session.settings, api_url="http://127.0.0.1:9/api/"))
    with pytest.raises(BadField, match="connection to Slack was refused"):
        add.add(unreachable, fields)
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    with pytest.raises(BadField, match="SLACK_BOT_TOKEN is not set"):
        add.add(session, fields)
    assert names(app) == []


def test_expression_with_a_user_is_refused(app: App) -> None:
    refused = app.run("next", "--cron", "0 9 * * *", "--tz", ANNA)
    assert refused.returncode == 2
    assert "only a schedule can take its zone from Slack" in refused.stderr


def test_import_asks_once_for_each_user(app: App) -> None:
    rows = [f"report-{number},C0000000001,0 {number} * * *,{(ANNA, BERND)[number % 2]},Hi,\n" for number in range(6)]
    assert take(app, "".join(rows)) == ImportResult(6, 0, 0)
    assert request_count(app) == 2


def test_import_waits_for_a_short_rate_limit(app: App) -> None:
    app.slack.order("ratelimit", "users.info", nth=2, retry_after=1)
    assert take(app, f"a,C0000000001,0 9 * * *,{ANNA},Hi,\nb,C0000000001,0 9 * * *,{BERND},Hi,\n").added == 2


def test_import_names_the_line_of_an_unknown_user(app: App) -> None:
    with pytest.raises(BadFile) as refused:
        take(app, f"a,C0000000001,0 9 * * *,{ANNA},Hi,\nb,C0000000001,0 9 * * *,slack:U0NOBODY,Hi,\n")
    assert [line.split(". ")[0] for line in refused.value.lines] == [
        "line 3: tz: Slack knows no user U0NOBODY in the workspace 'default'"
    ]
    assert names(app) == []


def test_unchanged_import_sends_no_request(app: App) -> None:
    app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    file = Source("file.csv", exported(app), update=True)
    assert import_file(app.session(), file) == ImportResult(0, 0, 1)
    assert request_count(app) == 1
    app.run("remove", "anna", "--yes")
    assert import_file(app.session(), file).added == 1
    [back] = schedules.list_matching(app.db)
    assert (back.recurrence.tz, back.terms.tz_from) == ("America/Los_Angeles", ANNA)


def test_same_user_in_other_spelling_is_no_change(app: App) -> None:
    app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    line = f"anna,C0000000001,0 9 * * *,{ANNA.replace('slack', 'Slack')},anna,default\n"
    assert take(app, line, update=True) == ImportResult(0, 0, 1)


def test_user_is_asked_for_again_in_another_workspace(app: App) -> None:
    add_globex(app)
    app.slack.set_user("U0SANDBOX01", tz="Asia/Tokyo", workspace="globex")
    app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    assert edit.edit(app.session(), "anna", {"workspace": "globex"}).after.recurrence.tz == "Asia/Tokyo"
    assert take(app, f"anna,C0000000001,0 9 * * *,{ANNA},anna,default\n", update=True) == ImportResult(0, 1, 0)
    [back] = schedules.list_matching(app.db)
    assert back.recurrence.tz == "America/Los_Angeles"


def add_globex(app: App) -> None:
    """The sandbox's other workspace, its token in a file."""
    file = app.folder / "globex.token"
    file.write_text("xoxb-sandbox-globex")
    file.chmod(0o600)
    added = app.run("workspace", "add", "globex", "--token-file", str(file))
    assert added.returncode == 0, added.stderr
