"""`health --nagios`: one line, performance data, and the exit codes of Nagios plugins."""

import re
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.operations import health
from schedbot.presentation import nagios
from schedbot.store.operations.health import PausedWorkspace, Vitals
from tests.commands.test_health import MINUTES, NOW, WELL
from tests.support.command_line import new_command_line

# label=value[unit];[warn];[crit];[min];[max]
DATA = re.compile(r"[a-z_0-9]+=[0-9]+s?(;[0-9]*){0,4}")
PAUSED = PausedWorkspace("acme", "customer | asked\nto stop")


def check(**changes: Any) -> tuple[int, str]:
    return nagios.to_line(health.assess(Vitals(**{**WELL, **changes})), "2 jobs queued")


@pytest.mark.parametrize(
    ("changes", "code", "start"),
    [
        pytest.param({}, 0, "SCHEDBOT OK - 2 jobs queued", id="ok"),
        pytest.param({"held": 1}, 1, "SCHEDBOT WARNING - 1 job is held", id="a person is needed"),
        pytest.param({"failed_24h": 3}, 1, "SCHEDBOT WARNING - 3 jobs failed", id="some failed"),
        pytest.param({"tick_at": NOW - 9 * MINUTES}, 2, "SCHEDBOT CRITICAL - No tick has run", id="no tick"),
        pytest.param(
            {"paused": [PAUSED], "failed_24h": 1}, 1, "SCHEDBOT WARNING - 1 job failed", id="worst problem first"
        ),
    ],
)
def test_status_is_a_level_of_nagios(changes: dict[str, Any], code: int, start: str) -> None:
    result, line = check(**changes)
    assert result == code
    assert line.startswith(start)


def test_line_has_one_bar_and_performance_data() -> None:
    _, line = check(paused=[PAUSED])
    text, _, data = line.partition(" | ")
    assert "\n" not in line
    assert "customer / asked to stop" in text
    assert all(DATA.fullmatch(figure) for figure in data.split()), data
    assert {"queued=2;;;0", "tick_age=20s;;150;0"} <= set(data.split())


def test_unreadable_database_is_unknown(tmp_path: Path) -> None:
    run = new_command_line(tmp_path)
    (tmp_path / "s.db").unlink()
    done = run("health", "--nagios")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("SCHEDBOT UNKNOWN - ")
    assert run("health", "--nagios", "--json").returncode == 2
