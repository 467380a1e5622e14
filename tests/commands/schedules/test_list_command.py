"""`list`: last results, order, filters, and columns that can be told apart."""

import json

import pytest

from schedbot.store.history import last_results
from tests.support.app import App
from tests.support.sql import read_rows

NINE = "0 9 * * *"


def names_of(app: App, *words: str) -> list[str]:
    """Return the names in the order of `list`."""
    return [json.loads(line)["name"] for line in app.run("list", "--json", *words).stdout.splitlines()]


@pytest.mark.slow
def test_list_shows_the_last_result(app: App) -> None:
    app.add_due_jobs(2)
    app.add_schedule("new", cron=NINE)
    app.work()
    table = {line.split()[0]: line.split() for line in app.run("list").stdout.splitlines()}
    assert table["NAME"][1:3] == ["STATE", "LAST"]
    assert table["report-0"][2] == "succeeded"
    assert table["new"][2] == "-"
    rows = {row["name"]: row for row in map(json.loads, app.run("list", "--json").stdout.splitlines())}
    assert (rows["report-0"]["last_state"], rows["report-0"]["last_error"]) == ("succeeded", None)
    assert rows["report-0"]["last_due_at"] == app.audit("--schedule", "report-0")[0]["due_at"]
    assert rows["new"]["last_state"] is rows["new"]["last_due_at"] is None


def test_last_result_is_the_newest_that_ended(app: App) -> None:
    schedule = app.add_schedule("a", cron=NINE)
    with app.db.writing():
        for due_at, state, kind in (
            (1_000, "failed", "scheduled"),
            (2_000, "queued", "extra"),
            (3_000, "missed", "test"),
        ):
            app.db.execute(
                "INSERT INTO jobs (schedule_id, workspace_id, kind, due_at, available_at, deadline_at, state, error)"
                " VALUES (:id, :workspace, :kind, :due_at, 0, 0, :state, 'is_archived')",
                {"id": schedule.id, "workspace": schedule.workspace_id, "kind": kind, "due_at": due_at, "state": state},
            )
    result = last_results.by_schedule(app.db, [schedule.id], now=10_000)[schedule.id]
    assert (result.due_at, result.state, result.error) == (1_000, "failed", "is_archived")
    with app.db.writing():
        app.db.execute(
            "INSERT INTO missed_spans (schedule_id, workspace_id, recurrence_id, first_due_at, last_due_at, count,"
            " reason) SELECT id, workspace_id, recurrence_id, 5000, 6000, 101, 'no_tick' FROM schedules"
        )
    result = last_results.by_schedule(app.db, [schedule.id], now=10_000)[schedule.id]
    assert (result.due_at, result.state, result.error) == (6_000, "missed", "no_tick")


def test_last_results_read_indexes_only(app: App) -> None:
    plan = " ".join(
        row[3] for row in read_rows(app.db, f"EXPLAIN QUERY PLAN {last_results.LAST}", {"ids": "[]", "now": 0})
    )
    assert "SCAN jobs" not in plan
    assert "SCAN l" not in plan
    assert "SCAN m" not in plan
    assert "(day=? AND schedule_id=? AND due_at<?)" in plan


@pytest.mark.slow
def test_list_sorts_and_filters(app: App) -> None:
    app.add_schedule("b", cron="0 9 * * *", tz="Europe/Berlin", channel="C0000000002", account="9")
    app.add_schedule("a", cron="0 9 1 1 *", tz="UTC", channel="C0000000003", account="10")
    app.add_schedule("c", cron="* * * * *", tz="UTC", channel="C0000000001", paused="true")
    assert names_of(app) == ["a", "b", "c"]
    assert names_of(app, "--sort", "next") == ["b", "a", "c"]
    assert names_of(app, "--sort", "channel") == ["c", "b", "a"]
    assert names_of(app, "--sort", "-name") == ["c", "b", "a"]
    assert names_of(app, "--tz", "UTC") == ["a", "c"]
    assert names_of(app, "--tz", "Europe/Berlin") == ["b"]
    assert names_of(app, "--channel", "C0000000002,C0000000003") == ["a", "b"]
    assert names_of(app, "--channel", "https://acme.slack.com/archives/C0000000001") == ["c"]
    assert app.run("list", "--sort", "next", "--limit", "1").stdout.splitlines()[1].startswith("b ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("--sort", "nam"), "--sort: unknown column 'nam'.", "Did you mean 'name'?"),
        (("--tz", "Mars"), "No time zone is called 'Mars'.", ""),
        (("--channel", "C0000000010"), "--channel: no schedule has or had the channel 'C0000000010'.", "Did you mean"),
        (("--account", "acmee"), "--account: no schedule has or had the account 'acmee'.", "Did you mean 'acme'?"),
        *((("--" + name, ""), f"--{name} is empty.", "leave the option out") for name in ("account", "state", "tz")),
    ],
)
def test_list_refuses_a_mistyped_value(app: App, words: tuple[str, str], error: str, hint: str) -> None:
    app.add_schedule("a", cron=NINE, account="acme", channel="C0000000001")
    done = app.run("list", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr
    assert hint in done.stderr


@pytest.mark.slow
def test_rules_are_all_in_words_or_all_as_typed(app: App) -> None:
    app.add_schedule("a", cron="0 9 * * *")
    app.add_schedule("b", cron="5,35 8-18 1-7 jan,jul mon-fri")
    rules = [line.rstrip() for line in app.run("list").stdout.splitlines()[1:]]
    assert rules[0].endswith("0 9 * * *")


@pytest.mark.slow
def test_cut_names_can_be_told_apart(app: App) -> None:
    stem = "a-customer-with-a-very-long-name-that-nobody-can-read"
    for name in (f"{stem}-daily", f"{stem}-weekly", f"x{'-' * 60}1{'-' * 60}", f"x{'-' * 60}2{'-' * 60}"):
        app.add_schedule(name, cron="5,35 8-18 1-7 jan,jul mon-fri")
    table = app.run("list").stdout.splitlines()[1:]
    assert len({line.split()[0] for line in table}) == 4
    assert max(map(len, table)) <= 80
    assert table[0].split()[0].endswith("-daily")
    simulated = app.run("simulate", "--from", "2027-01-01", "--to", "2027-02-01").stdout.splitlines()[1:5]
    assert len({line.split()[0] for line in simulated}) == 4


@pytest.mark.slow
def test_cut_names_can_be_told_apart_in_audit(app: App) -> None:
    stem = "a-customer-with-a-very-long-name-that-nobody-can-read-and-more"
    for name in (f"{stem}-daily", f"{stem}-weekly"):
        app.add_schedule(name, cron="* * * * *")
    app.tick()
    names = {line.split("queued")[0].split()[-1] for line in app.run("audit").stdout.splitlines()[1:]}
    assert len(names) == 2
