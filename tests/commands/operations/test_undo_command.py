"""`undo` as a command: what it prints, its object, and its exit codes."""

import json

from tests.support.command_line import ADD, Run


def test_undo_prints_the_values_that_are_back(run: Run) -> None:
    assert run("add", "acme", *ADD).returncode == 0
    assert run("edit", "acme", "--cron", "0 8 * * fri").returncode == 0
    done = run("undo", "2")
    assert done.returncode == 0
    assert done.stdout.startswith("Change 2 (edit of 'acme' by ")
    assert "  cron: 0 8 * * fri -> 0 9 * * mon,fri\n" in done.stdout
    [entry] = map(json.loads, run("undo", "3", "--json").stdout.splitlines())
    assert (entry["change"], entry["undoes"], entry["after"]["cron"]) == (4, 3, "0 8 * * fri")
    again = run("undo", "2")
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        2,
        "Error: Change 2 cannot be undone: change 3 did so already.",
    )
    assert run("undo", "77").returncode == 2
