"""`run-now --wait` and `test-send` end with the truth, for every code of Slack."""

import pytest

from schedbot.admin.schedules import run_now
from schedbot.model import Outcome
from schedbot.slack import error_codes
from tests.support.app import App, until

GROUPS = (Outcome.CHANNEL_REFUSED, Outcome.MESSAGE_REFUSED, Outcome.OUR_DEFECT, Outcome.TOKEN_REFUSED)
REFUSALS = {code: outcome for outcome in GROUPS for code in error_codes._SLACK_CODES[outcome]}
PASSING = {"ratelimited": 0, "internal_error": 0, "request_timeout": 0}
HELD = {"a_code_of_next_year": 3}


def expected_code(code: str) -> int:
    return 3 if REFUSALS[code] is Outcome.TOKEN_REFUSED else 1


@pytest.mark.slow
def test_each_code_of_slack_ends_with_its_truth(app: App) -> None:
    expected = {code: expected_code(code) for code in REFUSALS} | PASSING | HELD
    for number, code in enumerate(expected):
        channel, workspace = f"C1{number:09d}", "default"
        if REFUSALS.get(code) is Outcome.TOKEN_REFUSED:
            token, variable = f"xoxb-sandbox-w{number}", f"TOKEN_{number}"
            app.slack.add_workspace(f"w{number}", token)
            assert app.run("workspace", "add", f"w{number}", "--token-env", variable).returncode == 0
            workspace = f"w{number}"
        app.add_schedule(code.replace("_", "-"), cron="0 9 * * *", channel=channel, workspace=workspace)
        app.slack.order("error", code=code, channel=channel, times=1 if code in PASSING else "forever")
    tokens = {f"TOKEN_{number}": f"xoxb-sandbox-w{number}" for number in range(len(expected))}
    app.start("work", **tokens)
    extras, _ = run_now.run_now(app.session(), ["*"])
    settled = until(lambda: run_now.find_settled(app.session(), extras), within=60)
    names = {code.replace("_", "-"): code for code in expected}
    actual = {names[extra.schedule.name]: run_now.find_exit_code(extra.job) for extra in settled}
    assert actual == expected


@pytest.mark.slow
def test_paused_workspace_ends_the_wait(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    app.slack.order("error", code="token_revoked", times="forever")
    app.start("work")
    waited = app.run("run-now", "daily", "--wait", within=30)
    assert waited.returncode == 3
    assert "Its workspace is paused" in waited.stdout
    app.slack.clear()
    sent = app.run("test-send", "daily")
    assert (sent.returncode, sent.stdout) == (1, "")
    assert app.run("workspace", "resume", "default").returncode == 0
    app.slack.order("error", code="a_code_of_next_year", times=1)
    unsure = app.run("test-send", "daily")
    assert unsure.returncode == 1
    assert "It is unknown whether the test was posted" in unsure.stderr
