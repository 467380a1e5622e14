"""Tables fit 80 columns: long names and rules are cut, figures and reasons are not."""

import pytest

from tests.support.app import App
from tests.support.command_line import ADD, Run

NINE = "0 9 * * *"


@pytest.mark.slow
def test_list_fits_80_columns_and_shows_the_whole_pause(run: Run) -> None:
    run("add", "a-name-that-is-longer-than-the-column", *ADD)
    run("add", "b", *ADD)
    reason = "the customer moves to another workspace until the contract is signed by both parties in December"
    run("pause", "b", "--reason", reason, "--until", "2199-12-15", SCHEDBOT_ACTOR="ann")
    head, active, *off = run("list").stdout.splitlines()
    assert max(map(len, (head, active, *off))) <= 80
    assert head.split()[:3] == ["NAME", "STATE", "LAST"]
    assert "…" in active
    assert active.rstrip().endswith("0 9 * * mon,fri")
    pause = " ".join(" ".join(off).split())
    assert pause == f"b paused - {reason} (ann, until Sun 15 Dec 2199 00:00 PST)"


@pytest.mark.slow
def test_narrow_list_drops_in_before_it_cuts_a_rule(run: Run) -> None:
    run("add", "a", *ADD)
    assert run("list").stdout.split()[4] == "IN"
    run("add", "a-long-name-of-a-customer", *ADD[2:], "--cron", "5,35 8-18 1-7 jan,jul mon-fri")
    head, *rows = run("list").stdout.splitlines()
    assert " IN " not in head
    assert rows[1].rstrip().endswith("…")


def test_long_name_is_cut_before_the_figures(app: App) -> None:
    app.add_schedule("a-customer-with-a-name-that-fills-half-of-a-line", cron=NINE)
    *table, _, total = app.run("simulate", "--from", "2027-01-01", "--to", "2028-01-01").stdout.splitlines()
    assert table[0].split() == ["SCHEDULE", "DUE", "MISSED", "SKIPPED", "LATEST", "REASONS"]
    assert table[1].split() == ["a-customer-with-a-na…fills-half-of-a-line", "365"]
    assert total == "1 schedule: 365 due, 0 missed, 0 skipped."
    assert max(map(len, table)) <= 80


def test_name_in_wide_letters_keeps_the_columns(app: App) -> None:
    app.add_schedule("東京本社の週報", cron=NINE)
    assert "東京本社の週報  365" in app.run("simulate", "--from", "2027-01-01", "--to", "2028-01-01").stdout


def test_text_with_lines_and_escapes_is_shown_in_its_column(app: App) -> None:
    app.add_schedule("a", cron=NINE, text="one\ntwo \x1b[31m")
    assert "Text         one\n             two \\x1b[31m\n" in app.run("show", "a").stdout
