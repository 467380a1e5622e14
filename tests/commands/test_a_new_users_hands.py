"""What somebody new types, rightly or wrongly, and reads in 80 columns."""

import pytest

from tests.house import House

DAILY = {"cron": "0 9 * * *", "tz": "UTC"}


@pytest.mark.parametrize("reason", ["two\nlines", "red \x1b[31m", "x" * 201], ids=["lines", "colours", "length"])
def test_a_reason_that_would_break_the_list_is_refused(house: House, reason: str) -> None:
    house.schedule("a", **DAILY)
    for command in (("pause", "a"), ("workspace", "pause", "default")):
        done = house.run(*command, "--reason", reason)
        assert done.returncode == 2
        assert "Hint:  One line of up to 200 printable characters." in done.stderr
    assert "paused" not in house.run("list").stdout
