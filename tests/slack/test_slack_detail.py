"""Slack's sentences about a refusal are in the log, the database, `audit`, `audit JOB` and `why`."""

import json

from tests.support.app import App

EMPTY = "must be more than 0 characters [json-pointer:/blocks/0/text/text]"


def test_refusal_is_quoted_wherever_its_job_is_shown(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order_line(f"chat.postMessage:error:code=invalid_blocks:detail={EMPTY}")
    log = app.work().stderr
    assert f'detail="{EMPTY}"' in log
    assert app.audit()[0]["attempts"][0]["detail"] == EMPTY
    for words in (["audit", "1"], ["audit", "1", "--json"], ["why", "report-0"], ["why", "report-0", "--json"]):
        output = app.run(*words, COLUMNS="400").stdout
        assert f"Slack says: {EMPTY}" in output, words
    json.loads(app.run("why", "report-0", "--json").stdout)
