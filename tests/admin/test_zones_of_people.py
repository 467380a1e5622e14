"""`--tz slack:U0123456789`: the zone is a person's; what Slack refuses is said, and nothing is written."""

import io
from dataclasses import replace

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export import exporter
from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import Imported, Source, import_file
from schedbot.admin.schedules import add, edit, serialize
from schedbot.errors import BadFile
from schedbot.store.schedules import schedules
from tests.support.app import TOKEN, House

ANNA, BERND = "slack:U0SANDBOX01", "slack:U0SANDBOX02"  # in Los Angeles, in Berlin
HEADER = "name,channel,cron,tz,text,workspace\n"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)


def asked(house: House) -> int:
    """How often Slack was asked for a person."""
    return len(house.slack.requests("users.info"))


def names(house: House) -> list[str]:
    return [one.name for one in schedules.named_like(house.db)]


def take(house: House, lines: str, update: bool = False) -> Imported:
    return import_file(house.session(), Source("file.csv", (HEADER + lines).encode(), update=update))


def exported(house: House) -> bytes:
    out = io.StringIO()
    exporter.write(exporter.chosen(house.db, ()), Format.CSV, out)
    return out.getvalue().encode()


def test_a_schedule_is_due_by_the_persons_wall_clock(house: House) -> None:
    added = house.schedule("anna", cron="0 9 * * *", tz=ANNA)
    assert (added.recurrence.tz, added.terms.tz_from) == ("America/Los_Angeles", ANNA)
    assert serialize.columns(added)["tz"] == ANNA


def test_add_says_whose_zone_it_is_and_next_says_which(house: House) -> None:
    said = ("--cron", "0 9 * * *", "--tz", ANNA, "--channel", "C0000000001", "--text", "Hi")
    added = house.run("add", "anna", *said)
    assert "at 09:00 every day, Los Angeles time (as U0SANDBOX01 has it in Slack)." in added.stdout
    shown = house.run("show", "anna", "--json").stdout
    assert f'"tz": "{ANNA}"' in shown
    assert '"zone": "America/Los_Angeles"' in shown
    assert '"tz": "America/Los_Angeles"' in house.run("next", "anna", "--json").stdout


def test_a_zone_that_is_named_is_not_asked_for(house: House) -> None:
    house.schedule("plain", cron="0 9 * * *", tz="Europe/Berlin")
    assert asked(house) == 0


def test_an_edit_takes_the_zone_of_a_person_and_gives_it_back(house: House) -> None:
    house.schedule("report", cron="0 9 * * *", tz="Europe/Berlin")
    edited = edit.edit(house.session(), "report", {"tz": ANNA})
    assert edited.differences == [("tz", "Europe/Berlin", ANNA), ("zone", None, "America/Los_Angeles")]
    again = edit.edit(house.session(), "report", {"tz": "UTC"}).after
    assert (again.recurrence.tz, again.terms.tz_from) == ("UTC", "")


def test_an_edit_of_something_else_asks_nobody_and_keeps_the_person(house: House) -> None:
    house.schedule("anna", cron="0 9 * * *", tz=ANNA)
    after = edit.edit(house.session(), "anna", {"text": "Hello", "cron": "0 10 * * *"}).after
    assert (after.recurrence.tz, after.terms.tz_from, asked(house)) == ("America/Los_Angeles", ANNA, 1)


@pytest.mark.parametrize(
    ("error", "sentence", "remedy"),
    [
        ("missing_scope", "lacks the scope users:read", "OAuth & Permissions"),
        ("user_not_found", "Slack knows no user U0SANDBOX01 in the workspace 'default'.", "Copy member ID"),
        ("token_revoked", "The workspace's token was revoked", "Put a valid token"),
        ("internal_error", "Slack did not tell the time zone of U0SANDBOX01 (internal_error).", "Try again"),
        ("ratelimited", "Slack asked to wait", "Try again in a minute"),
    ],
)
def test_what_slack_refuses_is_said_and_nothing_is_written(
    house: House, error: str, sentence: str, remedy: str
) -> None:
    house.slack.order("error", "users.info", code=error)
    with pytest.raises(BadField) as refused:
        house.schedule("anna", cron="0 9 * * *", tz=ANNA)
    assert refused.value.column == "tz"
    assert sentence in str(refused.value)
    assert remedy in refused.value.hint
    assert names(house) == []
    assert house.db.value("SELECT count(*) FROM people") == 0


def test_who_is_deactivated_or_has_no_zone_that_is_known_is_refused(house: House) -> None:
    house.slack.person("U0GONE", tz="UTC", deleted=True)
    house.slack.person("U0NOWHERE", tz="")
    house.slack.person("U0MARS", tz="Mars/Olympus")
    for user, sentence in [("U0GONE", "deactivated"), ("U0NOWHERE", "no time zone of"), ("U0MARS", "'Mars/Olympus'")]:
        with pytest.raises(BadField, match=sentence):
            house.schedule("anna", cron="0 9 * * *", tz=f"slack:{user}")


def test_no_token_and_no_slack_are_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"name": "anna", "cron": "0 9 * * *", "tz": ANNA, "channel": "C0000000001", "text": "Hi"}
    session = house.session()
    gone = replace(session, settings=replace(session.settings, api_url="http://127.0.0.1:9/api/"))
    with pytest.raises(BadField, match="connection to Slack was refused"):
        add.add(gone, said)
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    with pytest.raises(BadField, match="SLACK_BOT_TOKEN is not set"):
        add.add(session, said)
    assert names(house) == []


def test_an_expression_alone_has_no_person(house: House) -> None:
    refused = house.run("next", "--cron", "0 9 * * *", "--tz", ANNA)
    assert refused.returncode == 2
    assert "only a schedule takes its zone from Slack" in refused.stderr


def test_an_import_asks_once_for_each_person(house: House) -> None:
    rows = [f"report-{number},C0000000001,0 {number} * * *,{(ANNA, BERND)[number % 2]},Hi,\n" for number in range(6)]
    assert take(house, "".join(rows)) == Imported(6, 0, 0)
    assert asked(house) == 2


def test_an_import_waits_where_slack_asks_it_to(house: House) -> None:
    house.slack.order("ratelimit", "users.info", nth=2, retry_after=1)
    assert take(house, f"a,C0000000001,0 9 * * *,{ANNA},Hi,\nb,C0000000001,0 9 * * *,{BERND},Hi,\n").added == 2


def test_an_import_says_the_line_of_a_person_who_is_not_there_and_writes_nothing(house: House) -> None:
    with pytest.raises(BadFile) as refused:
        take(house, f"a,C0000000001,0 9 * * *,{ANNA},Hi,\nb,C0000000001,0 9 * * *,slack:U0NOBODY,Hi,\n")
    assert [line.split(". ")[0] for line in refused.value.lines] == [
        "line 3: tz: Slack knows no user U0NOBODY in the workspace 'default'"
    ]
    assert names(house) == []


def test_what_is_exported_comes_back_and_asks_nobody_who_stands(house: House) -> None:
    house.schedule("anna", cron="0 9 * * *", tz=ANNA)
    file = Source("file.csv", exported(house), update=True)
    assert import_file(house.session(), file) == Imported(0, 0, 1)
    assert asked(house) == 1
    house.run("remove", "anna", "--yes")
    assert import_file(house.session(), file).added == 1
    [back] = schedules.named_like(house.db)
    assert (back.recurrence.tz, back.terms.tz_from) == ("America/Los_Angeles", ANNA)


def test_a_person_who_is_said_in_another_way_is_asked_for_and_stays(house: House) -> None:
    house.schedule("anna", cron="0 9 * * *", tz=ANNA)
    line = f"anna,C0000000001,0 9 * * *,{ANNA.replace('slack', 'Slack')},anna,default\n"
    assert take(house, line, update=True) == Imported(0, 0, 1)


def test_a_person_is_asked_for_again_in_another_workspace(house: House) -> None:
    add_globex(house)
    house.slack.person("U0SANDBOX01", tz="Asia/Tokyo", workspace="globex")
    house.schedule("anna", cron="0 9 * * *", tz=ANNA)
    assert edit.edit(house.session(), "anna", {"workspace": "globex"}).after.recurrence.tz == "Asia/Tokyo"
    assert take(house, f"anna,C0000000001,0 9 * * *,{ANNA},anna,default\n", update=True) == Imported(0, 1, 0)
    [back] = schedules.named_like(house.db)
    assert back.recurrence.tz == "America/Los_Angeles"


def add_globex(house: House) -> None:
    """The sandbox's other workspace, its token in a file."""
    file = house.folder / "globex.token"
    file.write_text("xoxb-sandbox-globex")
    file.chmod(0o600)
    added = house.run("workspace", "add", "globex", "--token-file", str(file))
    assert added.returncode == 0, added.stderr
