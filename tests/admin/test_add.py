"""`add` writes a whole schedule or nothing. An error names the column and the value."""

import socket
from pathlib import Path

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.schedules import add
from schedbot.model import TokenSource
from schedbot.store.history import changes
from schedbot.store.schedules import schedules as schedule_rows
from schedbot.store.schedules import workspaces
from tests.support.schedules import Schedules, clock, ms


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ({"cron": "0 0 30 2 *"}, "cron", "0 0 30 2 *"),
        ({"cron": "0 9 * * *", "every": "hour"}, "every", "every"),
        ({"every": "now and then"}, "every", "now and then"),
        ({"at": "2026-11-30 09:00"}, "at", "2026-11-30 09:00"),
        ({"at": "2027-03-14 02:30", "tz": "America/New_York"}, "at", "does not exist"),
        ({"tz": "Amerika/New_York"}, "tz", "Amerika/New_York"),
        ({"tz": ""}, "tz", "No time zone given"),
        ({"channel": "#general"}, "channel", "#general"),
        ({"name": "acme-*"}, "name", "acme-*"),
        ({"name": "-x"}, "name", "-x"),
        ({"name": "x\u200by"}, "name", "x\\u200by"),
        ({"name": ""}, "name", "0 characters"),
        ({"name": "x" * 201}, "name", "201 characters"),
        ({"text": ""}, "text", "No message given"),
        ({"text": "Hi", "report": "/x.json.j2"}, "report", "only one of"),
        ({"params": '{"a": 1}'}, "params", "no parameters"),
        ({"starts": "2027-01-02", "until": "2027-01-01"}, "until", "2 Jan 2027"),
        ({"until": "10s"}, "until", "never due"),
        ({"until": "2026-11-30"}, "until", "end, Mon 30 Nov 2026 23:59:59 UTC, is past."),
        ({"at": "2026-12-24 09:00", "starts": "2026-12-30"}, "starts", "is after the last occurrence"),
        ({"count": "0"}, "count", "0"),
        ({"misfire": "lastest"}, "misfire", "lastest"),
        ({"grace": "6"}, "grace", "6"),
        ({"grace": "400d"}, "grace", "400d"),
        ({"max_attempts": "21"}, "max_attempts", "21"),
        ({"priority": "hi"}, "priority", "hi"),
        ({"on_unknown": "ask"}, "on_unknown", "ask"),
        ({"jitter": "-5m"}, "jitter", "-5m"),
        ({"skip_holidays": "ZZ"}, "skip_holidays", "ZZ"),
        ({"paused": "perhaps"}, "paused", "perhaps"),
        ({"workspace": "defualt"}, "workspace", "defualt"),
        ({"colour": "red"}, "colour", "colour"),
    ],
)
def test_wrong_value_is_refused_with_its_column(
    schedules: Schedules, fields: dict[str, str], column: str, value: str
) -> None:
    with pytest.raises(BadField) as refused:
        schedules.add(**{"name": "daily", **fields})
    assert refused.value.column == column
    assert value in str(refused.value)
    assert refused.value.hint
    assert list(schedule_rows.list_matching(schedules.db)) == []


def test_existing_name_is_refused_with_a_hint(schedules: Schedules) -> None:
    schedules.add("acme")
    with pytest.raises(BadField) as refused:
        schedules.add("acme")
    assert refused.value.hint == "Change it with 'schedbot edit acme', or choose another name."


def test_fields_are_stored_as_given(schedules: Schedules) -> None:
    fields = {"account": "a-1", "misfire": "all", "grace": "0s", "max_attempts": "1", "priority": "high"}
    added = schedules.add(**fields, on_unknown="resend", jitter="5m", starts="2026-12-02", until="2026-12-31")
    assert schedules.get() == added
    assert (added.account, added.terms.grace_ms, added.terms.jitter_ms) == ("a-1", 0, 300_000)
    assert (added.terms.max_attempts, added.terms.misfire, added.terms.on_unknown) == (1, "all", "resend")
    assert added.terms.starts_at == ms("2026-12-02 00:00:00")
    assert added.terms.until_at == ms("2027-01-01 00:00:00") - 1


def test_occurrence_within_look_ahead_is_enqueued_at_once(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]
    schedules.tick("2026-12-01 08:59:30")
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_schedule_added_too_late_starts_on_the_next_day(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 09:00:00"
    schedules.add()
    schedules.tick("2026-12-01 09:00:30")
    assert schedules.jobs() == []
    assert schedules.next() == "2026-12-02 09:00"


def test_new_schedule_has_no_overdue_job_of_its_rule(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add("other")
    schedules.utc = "2026-12-01 09:05:00"
    schedules.add()
    schedules.tick("2026-12-01 09:06:00")
    assert (schedules.jobs("other"), schedules.jobs("daily")) == (["2026-12-01 09:00 queued"], [])


def test_schedule_added_paused_enqueues_nothing(schedules: Schedules) -> None:
    assert schedules.add(paused="true").state == "paused"
    assert schedules.jobs() == []


def test_count_ends_with_its_last_occurrence(schedules: Schedules) -> None:
    added = schedules.add(count="3", starts="2026-12-05")
    assert added.terms.until_at == ms("2026-12-07 09:00:00")


def test_earlier_of_count_and_until_is_the_end(schedules: Schedules) -> None:
    added = schedules.add(count="30", until="2026-12-02")
    assert clock(added.terms.until_at or 0) == "2026-12-02 23:59"


def test_single_instant_is_due_once_and_then_finished(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 10:00", tz="Europe/Berlin")
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]
    assert schedules.get().state == "finished"


def test_add_records_actor_command_and_values(schedules: Schedules) -> None:
    added = schedules.add()
    change = changes.last(schedules.db, "schedule", added.id)
    assert change
    assert (change.actor, change.host, change.command) == ("tester@host", socket.gethostname(), "add")
    assert change.before is None
    assert change.after
    assert (change.after["cron"], change.after["text"]) == ("0 9 * * *", "Hi")


def test_template_with_a_missing_parameter_is_refused(schedules: Schedules, tmp_path: Path) -> None:
    template = tmp_path / "weekly.json.j2"
    template.write_text('{"text": "Hello {{ team }}"}')
    with pytest.raises(BadField) as refused:
        schedules.add(report=str(template))
    assert refused.value.column == "report"
    assert "team" in str(refused.value)
    assert schedules.add(report=str(template), params='{"team": "EU"}').terms.report.params == {"team": "EU"}


def test_parse_returns_defaults_and_writes_nothing(schedules: Schedules) -> None:
    fields = {"name": "x", "tz": "UTC", "channel": "C0000000001", "text": "Hi", "every": "weekday at 9:00", "grace": ""}
    parsed = ScheduleFields.parse(fields, ms(schedules.utc))
    assert (parsed.recurrence.cron, parsed.workspace) == ("0 9 * * 1-5", "default")
    assert (parsed.terms.grace_ms, parsed.terms.max_attempts) == (6 * 3_600_000, 5)
    assert list(schedule_rows.list_matching(schedules.db)) == []


def test_missing_token_is_a_warning(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SLACK_BOT_TOKEN" in add.missing_token(schedules.session, schedules.add("default"))
    with schedules.db.writing():
        workspaces.add(schedules.db, "acme", TokenSource("env", "ACME_TOKEN"), 0)
    added = schedules.add("acme", workspace="acme")
    assert "ACME_TOKEN" in add.missing_token(schedules.session, added)
    monkeypatch.setenv("ACME_TOKEN", "xoxb-sandbox-acme")
    assert add.missing_token(schedules.session, added) == ""
