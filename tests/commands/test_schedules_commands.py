"""The commands for schedules as they are typed: what is printed where, and the exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ADD = ("--cron", "0 9 * * mon,fri", "--tz", "America/Los_Angeles", "--channel", "C0123456789", "--text", "Hi")
KEYS = [
    *("name", "account", "workspace", "channel", "cron", "every", "at", "tz", "text", "report", "params", "starts"),
    *("until", "count", "misfire", "grace", "max_attempts", "priority", "on_unknown", "jitter", "skip_holidays"),
    *("paused", "holiday_policy", "window", "outside", "blackout"),
    *("id", "state", "reason", "next_due_at", "meaning", "created_at", "zone"),
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    own = {"SCHEDBOT_DATABASE": str(tmp_path / "s.db"), "TZ": "Europe/Berlin", "NO_COLOR": "1"}
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SCHEDBOT", "SLACK"))} | own

    def typed(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "schedbot", *words]
        return subprocess.run(
            command, env=env | more, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    typed("init")
    return typed


def test_add_says_what_it_means_and_when_it_is_next_in_both_zones(run: Run) -> None:
    added = run("add", "acme", *ADD)
    assert added.returncode == 0
    assert "at 09:00 on Monday and Friday, Los Angeles time" in added.stdout
    occurrences = [line for line in added.stdout.splitlines() if "09:00 P" in line]
    assert len(occurrences) == 3
    assert all("CE" in line and " in " in line for line in occurrences)
    assert "SLACK_BOT_TOKEN" in added.stderr


def test_add_list_and_show_print_the_same_object(run: Run) -> None:
    added = json.loads(run("add", "acme", *ADD, "--json").stdout)
    assert list(added) == KEYS
    assert added == json.loads(run("list", "--json").stdout) == json.loads(run("show", "acme", "--json").stdout)
    assert run("list", "--csv").stdout.splitlines()[0].split(",") == KEYS


def test_a_list_fits_eighty_columns_and_says_whole_who_paused_why_and_until_when(run: Run) -> None:
    run("add", "a-name-that-is-longer-than-the-column", *ADD)
    run("add", "b", *ADD)
    why = "the customer moves to another workspace until the contract is signed by both parties in December"
    run("pause", "b", "--reason", why, "--until", "2199-12-15", SCHEDBOT_ACTOR="ann")
    head, on, *off = run("list").stdout.splitlines()
    assert max(map(len, (head, on, *off))) <= 80
    assert head.split()[:3] == ["NAME", "STATE", "NEXT"]
    assert "…" in on
    assert on.rstrip().endswith("0 9 * * mon,fri")
    told = " ".join(" ".join(off).split())
    assert told == f"b paused {why} (ann, until Sun 15 Dec 2199 00:00 PST)"


def test_a_narrow_list_lets_in_fall_away_before_it_cuts_a_rule(run: Run) -> None:
    run("add", "a", *ADD)
    assert run("list").stdout.split()[3] == "IN"
    run("add", "a-long-name-of-a-customer", *ADD[2:], "--cron", "5,35 8-18 1-7 jan,jul mon-fri")
    head, *rows = run("list").stdout.splitlines()
    assert " IN " not in head
    assert rows[1].rstrip().endswith("…")


def test_a_typed_out_name_that_is_missing_is_2_and_an_empty_glob_is_0(run: Run) -> None:
    run("add", "acme", *ADD)
    for command in ("show", "pause", "list"):
        missing = run(command, "acmee")
        assert (missing.returncode, missing.stdout) == (2, "")
        assert "No schedule named 'acmee' exists." in missing.stderr
        assert "Did you mean 'acme'?" in missing.stderr
    assert [run(command, "zz*").returncode for command in ("pause", "list")] == [0, 0]


def test_edit_says_what_changed_and_an_error_changes_nothing(run: Run) -> None:
    run("add", "acme", *ADD)
    edited = run("edit", "acme", "--channel", "C0123456780", "--grace", "2h")
    assert "channel: C0123456789 -> C0123456780" in edited.stdout
    assert "grace: 6h -> 2h" in edited.stdout
    assert "Nothing to change" in run("edit", "acme", "--grace", "2h").stdout
    wrong = run("edit", "acme", "--grace", "soon", "--text", "Hello")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert json.loads(run("show", "acme", "--json").stdout)["text"] == "Hi"


def test_a_glob_is_removed_by_a_script_only_with_yes(run: Run) -> None:
    run("add", "acme", *ADD)
    assert run("remove", "ac*").returncode == 2
    assert run("show", "acme").returncode == 0
    assert run("remove", "ac*", "--yes").returncode == 0
    assert run("list", "--json").stdout == ""


def test_next_of_an_expression_needs_no_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.db").unlink()
    asked = ("next", "--cron", "30 1 * * *", "--tz", "America/New_York", "--from", "2026-11-01", "--count", "2")
    told = [json.loads(line) for line in run(*asked, "--json").stdout.splitlines()]
    assert told[0] == {
        "schedule": None,
        "cron": "30 1 * * *",
        "tz": "America/New_York",
        "due_at": "2026-11-01T05:30:00.000Z",
        "local": "2026-11-01T01:30:00-04:00",
    }
    assert told[1]["local"] == "2026-11-02T01:30:00-05:00"


def test_an_expression_is_tried_out_with_its_holidays_and_hours(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.db").unlink()
    asked = ("next", "--cron", "0 9 * * thu", "--tz", "America/New_York", "--from", "2026-11-26", "--count", "1")
    for policy, told in {"skip": "left out: holiday", "before": "Wed 25 Nov", "after": "posted Fri 27 Nov"}.items():
        holidays = ("--skip-holidays", "US", "--holiday-policy", policy, "--from", "2026-11-25")
        assert told in run(*asked, *holidays).stdout
    shut = json.loads(run(*asked, "--window", "mon-fri 10:00-18:00", "--json").stdout)
    assert shut["put_off_to"] == "2026-11-26T15:00:00.000Z"
    alone = run("next", "--skip-holidays", "US")
    assert alone.returncode == 2
    assert "--skip-holidays is said without an expression." in alone.stderr


def test_run_now_says_when_nobody_posts_and_gives_up_in_time(run: Run) -> None:
    run("add", "acme", *ADD)
    waited = run("run-now", "acme", "--wait", "--timeout", "1s")
    assert waited.returncode == 1
    assert "schedbot work" in waited.stderr
    assert "queued" in waited.stdout


def test_pause_and_resume_twice_are_done_already(run: Run) -> None:
    run("add", "acme", *ADD)
    assert "Paused 'acme' until" in run("pause", "acme", "--until", "3d").stdout
    again = run("pause", "acme")
    assert (again.returncode, "paused already" in again.stdout) == (0, True)
    assert "Resumed 'acme': next" in run("resume", "acme").stdout
    assert run("resume", "acme").returncode == 0


def test_next_says_what_a_clock_change_does_to_a_schedule(run: Run) -> None:
    run("add", "night", *(*ADD[2:], "--cron", "30 2 * * *"))
    run("add", "day", *ADD)
    told = [json.loads(line) for line in run("next", "--changes", "366d", "--json").stdout.splitlines()]
    assert {(one["schedule"], one["effect"]) for one in told} == {("night", "moved")}
    assert [one["local_before"][-14:-6] for one in told] == ["02:00:00"]
    assert [one["local"][-14:-6] for one in told] == ["03:00:00"]
    assert "(until then 02:00 " in run("next", "--changes", "366d").stdout


def test_a_calendar_is_said_listed_and_taken_back(run: Run) -> None:
    run("add", "acme", *ADD, "--account", "42")
    said = run("calendar", "set", "--account", "42", "--window", "Mon - Fri 8:00-18:00", "--outside", "skip")
    assert said.stdout == "The account 42: window mon-fri 08:00-18:00; what is due outside is left out.\n"
    run("calendar", "set", "--workspace", "default", "--blackout", "2026-12-24/2026-12-27")
    first, second = (json.loads(line) for line in run("calendar", "list", "--json").stdout.splitlines())
    assert first == {**dict.fromkeys(second), **first}
    assert (first["account"], first["window"], first["schedules"]) == ("42", "mon-fri 08:00-18:00", 1)
    assert (second["workspace"], second["blackout"]) == ("default", "2026-12-24/2026-12-27")
    assert "2026-12-24/2026-12-27 (workspace default); what is due then waits" in run("show", "acme").stdout
    assert "nothing is said any more" in run("calendar", "clear", "--account", "42").stdout
    assert len(run("calendar", "list", "--csv").stdout.splitlines()) == 2


def test_a_calendar_that_cannot_be_is_refused_in_words(run: Run) -> None:
    run("add", "acme", *ADD, "--account", "42", "--window", "20:00-22:00")
    refused = run("calendar", "set", "--account", "42", "--window", "08:00-18:00")
    assert (refused.returncode, run("calendar", "list", "--json").stdout) == (2, "")
    assert "are never open at the same time for the schedule 'acme'" in refused.stderr
    for words in (("set", "--window", "8-18"), ("set", "--account", "42"), ("clear", "--workspace", "nobody")):
        assert run("calendar", *words).returncode == 2
