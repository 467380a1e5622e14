"""`health` and `doctor` expect a pool once one has run as a service, or by the setting."""

from typing import Any

import pytest

from schedbot.admin.operations import health
from schedbot.store.operations.health import Vitals, read_vitals
from tests.commands.test_health import MINUTES, NOW, WELL
from tests.support.app import App, now_ms, until


@pytest.mark.parametrize(
    ("expect_pool", "service_at", "code"),
    [
        pytest.param(None, None, 0, id="only cron has drained the queue"),
        pytest.param(None, NOW - MINUTES, 0, id="the service restarts"),
        pytest.param(None, NOW - 3 * MINUTES, 1, id="the service is dead"),
        pytest.param(False, NOW - 3 * MINUTES, 0, id="no pool is expected"),
        pytest.param(True, None, 1, id="a pool is expected"),
    ],
)
def test_expected_pool_that_does_not_run(expect_pool: bool | None, service_at: int | None, code: int) -> None:
    idle: dict[str, Any] = {**WELL, "pools": 0, "queued": 0, "oldest_due_at": None, "service_at": service_at}
    result = health.assess(Vitals(**idle), expect_pool)
    assert result.code == code
    assert not code or result.problems[0].sentence.startswith("No worker pool is running")


def service_at(app: App) -> int | None:
    return read_vitals(app.db, now_ms()).service_at


@pytest.mark.slow
def test_service_is_expected_until_cron_drains(app: App) -> None:
    pool = app.start("work")
    until(lambda: service_at(app) is not None)
    pool.terminate()
    pool.wait(30)
    assert service_at(app) is not None
    app.run("work", "--drain")
    assert service_at(app) is None


@pytest.mark.slow
def test_setting_expects_a_pool_from_the_start(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.run("tick")
    config = app.folder / "expecting.toml"
    config.write_text("[health]\nexpect_pool = true\n")
    for command in ("health", "doctor"):
        done = app.run("--config", str(config), command)
        assert "No worker pool is running. Start 'schedbot work'." in done.stdout
        assert done.returncode == 1
    config.write_text("[health]\nexpect_pool = 1\n")
    assert "neither true nor false" in app.run("--config", str(config), "health").stderr
